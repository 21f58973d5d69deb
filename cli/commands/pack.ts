import { describeCommand } from "../description/command";
import { packOptions } from "../pack/options";

export const pack = describeCommand({
  name: "pack",
  summary: "Makes an archive of the snapshot that a dead server has left in its data directory",
  operands: [
    { name: "DIR", doc: "the data directory of a server, its raft/snapshots, or one folder in that" },
    { name: "TARGET", doc: "where the archive goes: a path, a folder or a URL" },
  ],
  options: packOptions,
  examples: [
    {
      does: "Rescue the state of a server that does not start",
      line: "consul-snapshot pack /opt/consul ./rescued.snap",
    },
    {
      does: "Encrypt it for an age key",
      line: "consul-snapshot pack /opt/consul s3://backups/rescued.snap --recipient age1…",
    },
  ],
  exitCodes: [
    { code: 0, meaning: "the archive is written and verified" },
    { code: 1, meaning: "each snapshot in DIR is invalid; nothing is written" },
    { code: 2, meaning: "there is none, it could not be read, or the archive could not be written" },
  ],
  async run({ operands: [folder = "", target = ""], options, io }) {
    const work = await import("../pack/pack.js");
    return work.pack(folder, target, options, io);
  },
});
