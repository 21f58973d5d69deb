import { describeCommand } from "../description/command";
import { diffOptions } from "../diff/options";

export const diff = describeCommand({
  name: "diff",
  summary: "Shows which records differ between two archives, or between an archive and a cluster",
  operands: [
    {
      name: "A",
      doc: 'an archive: a path, a URL, - for standard input, or "live" for the current state of the cluster',
      source: true,
      word: "live",
    },
    {
      name: "B",
      doc: 'the other archive, or "live"; what only it has is added, what only A has is removed',
      source: true,
      word: "live",
    },
  ],
  options: diffOptions,
  examples: [
    { does: "Which keys changed from one archive to the next", line: "consul-snapshot diff old.snap new.snap" },
    {
      does: "What a restore of the archive would change, with the values of keys",
      line: "consul-snapshot diff --values live consul-dc1.snap",
    },
  ],
  exitCodes: [
    { code: 0, meaning: "what users write is the same; with --type: the records of these types are" },
    { code: 1, meaning: "something differs" },
    { code: 2, meaning: "an archive is invalid or could not be read, or the cluster could not" },
  ],
  failureCode: 2,
  async run({ operands: [one = "", other = ""], options, io }) {
    const work = await import("../diff/diff.js");
    return work.diff(one, other, options, io);
  },
});
