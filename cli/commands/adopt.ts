import { adoptOptions } from "../adopt/options";
import { describeCommand } from "../description/command";

export const adopt = describeCommand({
  name: "adopt",
  summary: "Verifies archives that another program has made, and writes the manifests that they lack",
  operands: [
    {
      name: "ARCHIVE",
      doc: "an archive of consul snapshot save or of the Enterprise agent: a path or a URL",
      many: true,
    },
  ],
  options: adoptOptions,
  examples: [
    {
      does: "Adopt an archive of consul snapshot save",
      line: "consul-snapshot adopt consul-dc1.snap --series acme/shop/prod/nightly",
    },
    {
      does: "Adopt an encrypted archive",
      line: "consul-snapshot adopt consul-dc1.snap.age --series acme/shop/prod/nightly --identity backup.key",
    },
  ],
  exitCodes: [
    { code: 0, meaning: "each archive is valid, and has a manifest now" },
    { code: 1, meaning: "an archive is invalid; it gets no manifest" },
    { code: 2, meaning: "the command was typed wrongly, or an archive has a manifest already or could not be read" },
  ],
  async run({ operands, options, io }) {
    const work = await import("../adopt/adopt.js");
    return work.adopt(operands, options, io);
  },
});
