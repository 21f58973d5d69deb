import { describeCommand } from "../description/command";
import { inspectOptions } from "../inspect/options";

export const inspect = describeCommand({
  name: "inspect",
  summary: "Prints what is in an archive, as consul snapshot inspect prints it",
  operands: [{ name: "SOURCE", doc: "an archive: a path, a URL, or - for standard input", source: true }],
  options: inspectOptions,
  examples: [
    {
      does: "What is in the archive, and under which keys",
      line: "consul-snapshot inspect --kvdetails consul-dc1.snap",
    },
    {
      does: "Also which versions of Consul can restore it, as JSON",
      line: "consul-snapshot inspect --full --format json consul-dc1.snap",
    },
  ],
  exitCodes: [
    { code: 0, meaning: "the archive is printed" },
    { code: 1, meaning: "the archive is invalid" },
    { code: 2, meaning: "the command was typed wrongly, or the archive could not be read or decrypted" },
  ],
  // Like Consul's own command.
  jsonErrors: false,
  async run({ operands: [source = ""], options, io }) {
    const work = await import("../inspect/inspect.js");
    await work.printInspection(source, options, io.output);
    return 0;
  },
});
