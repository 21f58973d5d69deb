import { describeCommand } from "../description/command";
import { exportOptions } from "../export/options";

export const exportCommand = describeCommand({
  name: "export",
  summary: "Prints keys of an archive as consul kv import reads them, or other records as Consul's API takes them",
  operands: [{ name: "SOURCE", doc: "an archive: a path, a URL, or - for standard input", source: true }],
  options: exportOptions,
  examples: [
    {
      does: "The keys under app/, for consul kv import @app.json",
      line: "consul-snapshot export consul-dc1.snap --prefix app/ --output app.json",
    },
    {
      does: "All ACL policies, for PUT /v1/acl/policy",
      line: "consul-snapshot export consul-dc1.snap --type acl-policies",
    },
  ],
  exitCodes: [
    { code: 0, meaning: "everything that was asked for is printed, and the archive is valid" },
    { code: 1, meaning: "no key begins with the prefix" },
    {
      code: 2,
      meaning: "the archive is invalid or could not be read; what was printed is not complete, and is no JSON",
    },
  ],
  failureCode: 2,
  jsonErrors: false,
  async run({ operands: [source = ""], options, io }) {
    const work = await import("../export/export.js");
    return work.exportTo(source, options, io);
  },
});
