import { composed } from "../../provider/text";
import { FLAGS } from "../../agent/config/keys";
import { describeCommand } from "../description/command";
import type { Option, OptionTable } from "../description/option";

/** Flags that set no key of the configuration. */
const OWN: OptionTable = {
  "config-file": { value: "FILE", list: true, doc: "a configuration file, whose name ends in .json" },
  "config-dir": { value: "FOLDER", list: true, doc: "a folder of configuration files" },
  "check-config": { doc: "say what would happen, try Consul, the login and each destination, and take no snapshot" },
  format: {
    value: "FORMAT",
    choices: ["pretty", "json"],
    default: "pretty",
    doc: "with -check-config: how to print the result",
  },
};

export const agent = describeCommand({
  name: "agent",
  summary: "Takes snapshots by a schedule, with the flags and files of consul snapshot agent",
  operands: [],
  options: { ...OWN, ...flagOptions() },
  examples: [
    {
      does: "Try a configuration",
      line: "consul-snapshot agent -check-config -config-dir=/etc/consul-snapshot.d",
    },
    {
      does: "Take one snapshot, keep the last 30, and exit",
      line: "consul-snapshot agent -interval=0 -local-path=./backups",
    },
  ],
  exitCodes: [
    {
      code: 0,
      meaning:
        "every destination has received the snapshot, or a signal has ended the agent; with -check-config: everything that was tried works",
    },
    {
      code: 1,
      meaning:
        "a destination has not received the snapshot; with -check-config: something that was tried does not work",
    },
    { code: 2, meaning: "the flags or the configuration are invalid, or local_scratch_path may not be written to" },
  ],
  readsOwnArguments: true,
  async run({ operands, io }) {
    // Must precede the loading of the agent, which already makes V8 grow its heap.
    const { keepYoungGenerationSmall } = await import("../../agent/collection.js");
    keepYoungGenerationSmall();
    const { runAgentInProcess } = await import("../../agent/process.js");
    return runAgentInProcess(operands, (line) => io.output.write(composed`${line}\n`));
  },
});

function flagOptions(): OptionTable {
  return Object.fromEntries(
    [...FLAGS].map(([flag, { key }]): [string, Option] => [
      flag,
      {
        ...(key.kind === "boolean" ? {} : { value: key.kind === "map" ? "KEY=VALUE" : "VALUE" }),
        ...(key.kind === "map" ? { list: true as const } : {}),
        ...(key.default === undefined || key.kind === "boolean" ? {} : { default: String(key.default) }),
        ...(key.environment === undefined ? {} : { environment: key.environment }),
        doc: key.documentation.replace(/\.$/, "").replaceAll("`", ""),
      },
    ]),
  );
}
