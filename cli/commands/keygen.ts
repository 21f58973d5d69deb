import { describeCommand } from "../description/command";
import { formatOptions } from "../options/format";

export const keygen = describeCommand({
  name: "keygen",
  summary: "Makes a key pair for encrypted archives: writes the age identity to a new file, and prints the recipient",
  operands: [{ name: "FILE", doc: "the file of the identity, which must not exist; only its owner may read it" }],
  options: formatOptions,
  examples: [
    { does: "Make a key pair", line: "consul-snapshot keygen new.key" },
    { does: "The same for a program", line: "consul-snapshot keygen other.key --format json" },
  ],
  exitCodes: [
    { code: 0, meaning: "the file is written and the recipient printed" },
    { code: 2, meaning: "the command was typed wrongly, or the file exists or could not be written" },
  ],
  async run({ operands: [file = ""], options, io }) {
    const work = await import("../keygen/keygen.js");
    return work.keygen(file, options, io);
  },
});
