import { isCode } from "../../provider/errors";
import { describeCommand } from "../description/command";
import { formatOptions } from "../options/format";
import { retentionOptions } from "../options/retention";

export const prune = describeCommand({
  name: "prune",
  summary: "Removes the archives of one series that no rule keeps, as retention does after a save",
  operands: [{ name: "TARGET", doc: "the target of the snapshots, a path or a URL, as the program has it" }],
  options: {
    series: {
      value: "SERIES",
      required: true,
      doc: "organization/project/stack/name, as the manifests of the archives have it",
      argument: "series",
    },
    ...retentionOptions,
    dryRun: { doc: "remove nothing, and print what would be removed and why" },
    ...formatOptions,
  },
  examples: [
    {
      does: "Show what would be removed",
      line: "consul-snapshot prune ./backups/ --series acme/shop/prod/nightly --keep-last 7 --dry-run",
    },
    {
      does: "Keep the last 7 archives, and one for each of the last 30 days",
      line: "consul-snapshot prune ./backups/ --series acme/shop/prod/nightly --keep-last 7 --keep-daily 30",
    },
  ],
  failureCode: (error) => (isCode(error, "ARGUMENT_INVALID") ? 1 : 2),
  exitCodes: [
    { code: 0, meaning: "what no rule keeps is removed or, with --dry-run, printed" },
    {
      code: 1,
      meaning:
        "refused, and nothing is removed: no restorable archive of the series, or the archives contradict each other",
    },
    {
      code: 2,
      meaning: "the command was typed wrongly, the store failed, or an archive could not be removed; others may be",
    },
  ],
  async run({ operands: [target = ""], options, io }) {
    const { pruneByHand } = await import("../prune/prune.js");
    return pruneByHand(target, options, io);
  },
});
