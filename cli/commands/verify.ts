import { describeCommand } from "../description/command";
import { decryptionOptions } from "../options/decryption";
import { formatOptions } from "../options/format";
import { sourceOptions } from "../options/source";

export const verify = describeCommand({
  name: "verify",
  summary: "Reads archives to their last byte and prints a verdict on each",
  operands: [
    {
      name: "SOURCE",
      many: true,
      doc: "an archive, or a folder or prefix for all archives in it: a path, a URL, or - for standard input",
      source: "folders",
    },
  ],
  options: {
    consulVersion: {
      value: "VERSION",
      doc: "also judge whether this version of Consul can restore the archive, such as 1.13.9",
    },
    ...sourceOptions,
    ...decryptionOptions,
    ...formatOptions,
  },
  examples: [
    { does: "Verify all archives of a folder", line: "consul-snapshot verify ./backups/" },
    {
      does: "Verify an encrypted archive, and whether Consul 1.13.9 can restore it",
      line: "consul-snapshot verify --identity backup.key --consul-version 1.13.9 consul-dc1.snap.age",
    },
  ],
  exitCodes: [
    {
      code: 0,
      meaning: "each archive is valid, is the one its manifest describes, and is restorable if that was asked",
    },
    { code: 1, meaning: "one is not, or a folder or prefix has no archive" },
    {
      code: 2,
      meaning: "the command was typed wrongly, or none is known to be invalid, and one could not be read or decrypted",
    },
  ],
  async run({ operands, options, io }) {
    const work = await import("../verify/verify.js");
    return work.verify(operands, options, io);
  },
});
