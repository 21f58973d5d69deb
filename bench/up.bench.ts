/** What the provider adds to a `pulumi up` in which nothing changes, beside a hand-written minimal dynamic resource. */

import { startConsul } from "../tests/support/consul/consul";
import { PulumiProject } from "../tests/support/pulumi/project";
import { median, ms, portTime, runNode, table, timed } from "./lib";

const ROUNDS = 7;
/** Starts of a process are short: more rounds cost little. */
const STARTS = 15;

const MINIMAL = `
const provider = { create: async (inputs) => ({ id: "x", outs: inputs }), diff: async () => ({ changes: false }) };
new pulumi.dynamic.Resource(provider, "minimal", { target: "./backups/" }, {});
`;
const EMPTY = `exports.nothing = 1;`;
const MANY = 50;
const OURS_MANY = Array.from(
  { length: MANY },
  (_, at) => `new ConsulSnapshot("backup-${at}", { target: "./backups/", triggers: ["1"] });`,
).join("\n");
const PLUGIN = {
  backup: { type: "consul-snapshot:index:ConsulSnapshot", properties: { target: "./backups/", triggers: ["1"] } },
};
const OURS = `new ConsulSnapshot("backup", { target: "./backups/", triggers: ["1"] });`;

interface Round {
  readonly empty: number;
  readonly minimal: number;
  readonly ours: number;
  readonly many: number;
  readonly emptyYaml: number;
  readonly plugin: number;
}

export async function run(): Promise<string> {
  const consul = await startConsul();
  const ordinaryStart = true;
  const options = { config: { "consul:address": consul.address }, ordinaryStart };
  const projects = {
    empty: await PulumiProject.create(EMPTY, { ordinaryStart }),
    minimal: await PulumiProject.create(MINIMAL, { ordinaryStart }),
    ours: await PulumiProject.create(OURS, options),
    many: await PulumiProject.create(OURS_MANY, options),
    emptyYaml: await PulumiProject.yaml(() => ({ resources: {} }), { ordinaryStart }),
    plugin: await PulumiProject.yaml(() => ({ resources: PLUGIN }), {
      config: { "consul-snapshot:address": consul.address },
      ordinaryStart,
    }),
  };
  try {
    await projects.empty.up();
    await projects.minimal.up();
    await projects.ours.up();
    await projects.emptyYaml.up();
    await projects.plugin.up();
    const first = await timed(() => projects.many.up());
    const rounds: Round[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push({
        empty: (await timed(() => projects.empty.up())).ms,
        minimal: (await timed(() => projects.minimal.up())).ms,
        ours: (await timed(() => projects.ours.up())).ms,
        many: (await timed(() => projects.many.up())).ms,
        emptyYaml: (await timed(() => projects.emptyYaml.up())).ms,
        plugin: (await timed(() => projects.plugin.up())).ms,
      });
    }
    const starts: { readonly node: number; readonly plugin: number }[] = [];
    for (let round = 0; round < STARTS; round++) {
      starts.push({
        node: (await timed(() => runNode("-e", "0"))).ms,
        plugin: await portTime(process.execPath, ["bin/pulumi-resource-consul-snapshot"]),
      });
    }
    const of = (pick: (round: Round) => number): number => median(rounds.map(pick));
    return `## An \`up\` in which nothing changes

Medians of ${ROUNDS} rounds of \`pulumi up --skip-preview\`, each taking all in turn; the ratio is that of the same round.

${table(
  ["program", "time", "× minimal"],
  [
    ["no dynamic resource at all", ms(of((r) => r.empty)), of((r) => r.empty / r.minimal).toFixed(2)],
    ["a hand-written minimal dynamic resource", ms(of((r) => r.minimal)), "1.00"],
    ["one ConsulSnapshot", ms(of((r) => r.ours)), of((r) => r.ours / r.minimal).toFixed(2)],
    [`${MANY} ConsulSnapshots`, ms(of((r) => r.many)), of((r) => r.many / r.minimal).toFixed(2)],
    ["YAML: no resource at all", ms(of((r) => r.emptyYaml)), of((r) => r.emptyYaml / r.minimal).toFixed(2)],
    ["YAML: one ConsulSnapshot of the plugin", ms(of((r) => r.plugin)), of((r) => r.plugin / r.minimal).toFixed(2)],
  ],
)}

What one ConsulSnapshot adds to a program of its language without resources: ${ms(of((r) => r.plugin - r.emptyYaml))} with the
plugin, ${ms(of((r) => r.ours - r.empty))} as a dynamic resource; the plugin takes ${of((r) => (r.plugin - r.emptyYaml) / (r.ours - r.empty)).toFixed(2)} × as long.

The plugin prints its port ${ms(median(starts.map(({ node, plugin }) => plugin - node)))} later than \`node -e 0\` ends, the
median of ${STARTS} rounds: \`node\` takes ${ms(median(starts.map(({ node }) => node)))}.

The first \`up\` of the ${MANY}, which takes ${MANY} snapshots of one Consul with little in it: ${ms(first.ms)}.
`;
  } finally {
    for (const project of Object.values(projects)) await project.remove();
    await consul.stop();
  }
}
