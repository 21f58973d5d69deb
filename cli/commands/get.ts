import { describeCommand } from "../description/command";
import { decryptionOptions } from "../options/decryption";
import { formatOptions } from "../options/format";
import { outputOptions } from "../options/output";
import { sourceOptions } from "../options/source";

export const get = describeCommand({
  name: "get",
  summary: "Prints the value of one key of an archive, byte for byte",
  operands: [
    { name: "SOURCE", doc: "an archive: a path, a URL, or - for standard input", source: true },
    { name: "KEY", doc: "the whole key" },
  ],
  options: {
    ...outputOptions,
    ...sourceOptions,
    ...decryptionOptions,
    format: { ...formatOptions.format, doc: "pretty: the value alone; json: also flags and indexes" },
  },
  examples: [
    { does: "Show a value", line: "consul-snapshot get consul-dc1.snap app/a" },
    {
      does: "Write it to a file",
      line: "consul-snapshot get consul-dc1.snap app/a --output value.bin",
    },
  ],
  exitCodes: [
    { code: 0, meaning: "the value is printed, and the archive is valid" },
    { code: 1, meaning: "there is no such key; no value is printed" },
    { code: 2, meaning: "the archive is invalid or could not be read; nothing is printed" },
  ],
  failureCode: 2,
  async run({ operands: [source = "", key = ""], options, io }) {
    const work = await import("../get/get.js");
    return work.get(source, key, options, io);
  },
});
