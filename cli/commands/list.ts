import { describeCommand } from "../description/command";
import { formatOptions } from "../options/format";
import { retentionOptions } from "../options/retention";

export const list = describeCommand({
  name: "list",
  summary: "Lists the archives at a place, with what their manifests say and why retention keeps them",
  operands: [{ name: "TARGET", doc: "the target of the snapshots: a folder, a prefix or a URL" }],
  options: {
    series: { value: "SERIES", doc: "only archives of this series", argument: "series" },
    all: { doc: "also list manifests without an archive, and objects without a manifest" },
    ...retentionOptions,
    ...formatOptions,
  },
  examples: [
    { does: "List the archives of a folder", line: "consul-snapshot list ./backups/" },
    {
      does: "List everything, and what a policy would keep",
      line: "consul-snapshot list ./backups/ --all --keep-last 7 --keep-daily 30",
    },
  ],
  exitCodes: [
    { code: 0, meaning: "the list is complete; it may be empty" },
    { code: 2, meaning: "the command was typed wrongly, or the store could not be read" },
  ],
  async run({ operands: [target = ""], options, io }) {
    const work = await import("../list/list.js");
    return work.list(target, options, io);
  },
});
