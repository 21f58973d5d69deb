/** What the provider adds to a `pulumi up` in which nothing changes, beside a hand-written minimal dynamic resource. */

import { startConsul } from "../tests/support/consul";
import { PulumiProject } from "../tests/support/pulumi";
import { median, ms, table, timed } from "./lib";

const ROUNDS = 7;

const MINIMAL = `
const provider = { create: async (inputs) => ({ id: "x", outs: inputs }), diff: async () => ({ changes: false }) };
new pulumi.dynamic.Resource(provider, "minimal", { target: "./backups/" }, {});
`;
const EMPTY = `exports.nothing = 1;`;
const OURS = `new ConsulSnapshot("backup", { target: "./backups/", triggers: ["1"] });`;

interface Round {
  readonly empty: number;
  readonly minimal: number;
  readonly ours: number;
}

export async function run(): Promise<string> {
  const consul = await startConsul();
  const config = { "consul:address": consul.address };
  const projects = {
    empty: await PulumiProject.create(EMPTY),
    minimal: await PulumiProject.create(MINIMAL),
    ours: await PulumiProject.create(OURS, { config }),
  };
  try {
    for (const project of Object.values(projects)) await project.up();
    const rounds: Round[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push({
        empty: (await timed(() => projects.empty.up())).ms,
        minimal: (await timed(() => projects.minimal.up())).ms,
        ours: (await timed(() => projects.ours.up())).ms,
      });
    }
    const of = (pick: (round: Round) => number): number => median(rounds.map(pick));
    return `## An \`up\` in which nothing changes

Medians of ${ROUNDS} rounds of \`pulumi up --skip-preview\`, each taking the three in turn; the ratio is that of the same round.

${table(
  ["program", "time", "× minimal"],
  [
    ["no dynamic resource at all", ms(of((r) => r.empty)), of((r) => r.empty / r.minimal).toFixed(2)],
    ["a hand-written minimal dynamic resource", ms(of((r) => r.minimal)), "1.00"],
    ["one ConsulSnapshot", ms(of((r) => r.ours)), of((r) => r.ours / r.minimal).toFixed(2)],
  ],
)}
`;
  } finally {
    for (const project of Object.values(projects)) await project.remove();
    await consul.stop();
  }
}
