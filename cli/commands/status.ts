import { describeCommand } from "../description/command";
import { decryptionOptions } from "../options/decryption";
import { formatOptions } from "../options/format";

export const status = describeCommand({
  name: "status",
  summary: "Judges from the stored archives alone whether the newest restorable one is young enough",
  operands: [{ name: "TARGET", doc: "the target of the snapshots: a folder, a prefix or a URL" }],
  options: {
    maxAge: {
      value: "DURATION",
      required: true,
      doc: "how old the newest restorable archive may be, such as 26h",
    },
    series: {
      value: "SERIES",
      doc: "judge only this series; default: each series must be in order",
      argument: "series",
    },
    verify: { doc: "also read the newest archive to its last byte" },
    ...decryptionOptions,
    ...formatOptions,
  },
  examples: [
    { does: "Check a daily backup", line: "consul-snapshot status ./backups/ --max-age 26h" },
    {
      does: "Check one series, and read its newest archive",
      line: "consul-snapshot status ./backups/ --max-age 26h --series acme/shop/prod/nightly --verify",
    },
  ],
  exitCodes: [
    { code: 0, meaning: "there is a restorable archive that is young enough" },
    {
      code: 1,
      meaning: "it is too old, there is none, it is not restorable, or no run has recorded it; the sentence says which",
    },
    {
      code: 2,
      meaning: "the command was typed wrongly, or the store could not be read: denied, unreachable, or no such bucket",
    },
  ],
  async run({ operands: [target = ""], options, io }) {
    const work = await import("../status/status.js");
    return work.status(target, options, io);
  },
});
