import { describeCommand } from "../description/command";
import { formatOptions } from "../options/format";

export const completion = describeCommand({
  name: "completion",
  summary: "Prints a script that lets a shell complete commands, options and their values",
  operands: [{ name: "SHELL", doc: "bash, zsh or fish", choices: ["bash", "zsh", "fish"] }],
  options: {
    format: { ...formatOptions.format, doc: "pretty: the script alone; json: the script as a string" },
  },
  examples: [
    {
      does: "Print what bash loads with: source <(consul-snapshot completion bash)",
      line: "consul-snapshot completion bash",
    },
    {
      does: "Print what fish loads with: consul-snapshot completion fish | source",
      line: "consul-snapshot completion fish",
    },
  ],
  exitCodes: [
    { code: 0, meaning: "the script is printed" },
    { code: 2, meaning: "the command was typed wrongly" },
  ],
  async run({ operands: [shell = ""], options, io }) {
    const { completionScript } = await import("../completion/scripts.js");
    const { COMMANDS } = await import("../commands.js");
    const script = completionScript(shell, COMMANDS);
    if (options.format === "json") {
      const { exactJson } = await import("../../provider/contents/exactJson.js");
      io.output.writeRaw(`${exactJson({ shell, script }, "", "  ")}\n`);
    } else io.output.writeRaw(script);
    return 0;
  },
});
