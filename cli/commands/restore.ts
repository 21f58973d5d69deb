import { describeCommand } from "../description/command";
import { restoreOptions } from "../restore/options";

export const restore = describeCommand({
  name: "restore",
  summary: "Replaces all state of a cluster with that of an archive, once, and verifies the result",
  operands: [{ name: "SOURCE", doc: "an archive: a path or a URL", source: true }],
  options: restoreOptions,
  examples: [
    {
      does: "Show what would happen, and change nothing",
      line: "consul-snapshot restore consul-dc1.snap --plan",
    },
    {
      does: "Restore from a script, once for this id",
      line: "consul-snapshot restore consul-dc1.snap --safety-snapshot ./before-restore/ --yes --run-id rollback-7",
    },
  ],
  failureCode: 1,
  usageCode: 1,
  notBegun: "Nothing was restored.",
  exitCodes: [
    { code: 0, meaning: "restored and verified, now or by an earlier run of this id; with --plan: would be restored" },
    { code: 1, meaning: "nothing in the cluster was changed; with --plan: nothing would be restored" },
    {
      code: 2,
      meaning: "begun and not verified: the cluster may have been changed; or only a receipt says that it was restored",
    },
  ],
  async run({ operands: [source = ""], options, io }) {
    const { restoreInProcess } = await import("../restore/process.js");
    return restoreInProcess(source, options, io.output);
  },
});
