import { copyOptions } from "../copy/options";
import { describeCommand } from "../description/command";

export const copy = describeCommand({
  name: "copy",
  summary: "Copies an archive and its manifest to another place, and verifies the archive on the way",
  operands: [
    { name: "SOURCE", doc: "an archive: a path or a URL", source: true },
    { name: "TARGET", doc: "a folder, a path or a URL; in a folder the archive keeps its name" },
  ],
  options: copyOptions,
  examples: [
    { does: "Copy an archive into another folder", line: "consul-snapshot copy consul-dc1.snap ./elsewhere/" },
    {
      does: "Decrypt an archive",
      line: "consul-snapshot copy --decrypt --identity backup.key consul-dc1.snap.age ./plain/",
    },
  ],
  exitCodes: [
    { code: 0, meaning: "the copy is verified and stored" },
    { code: 1, meaning: "the archive is invalid, or not the one that its manifest describes: nothing is stored" },
    { code: 2, meaning: "the command was typed wrongly, or a store failed: nothing is stored" },
  ],
  async run({ operands: [source = "", target = ""], options, io }) {
    const work = await import("../copy/copy.js");
    return work.copy(source, target, options, io);
  },
});
