/** The same restore for both hosts of Pulumi: a dynamic resource in JavaScript, and the plugin's in YAML. */

import { PulumiProject } from "../../support/pulumi/project";

export interface RestoreHost {
  /** The type of the resource in state. */
  readonly type: string;
  /** A program with one restore, which the environment describes. */
  create(address: string, env: Readonly<Record<string, string>>): Promise<PulumiProject>;
}

const FOREVER = "2099-01-01T00:00:00Z";

const PROGRAM = `
const restore = new ConsulSnapshotRestore(env.NAME || "rollback", {
  runId: env.RUN,
  validUntil: env.UNTIL || "${FOREVER}",
  source: env.SOURCE,
  safetySnapshot: env.SAFETY === "none" ? false : { target: env.SAFETY },
  ...(env.ALLOW ? { allow: [env.ALLOW] } : {}),
});
exports.safetyLocation = restore.safetyLocation;
exports.differences = restore.differences;
`;

export const DYNAMIC_HOST: RestoreHost = {
  type: "pulumi-nodejs:dynamic/consul:ConsulSnapshotRestore",
  create: (address, env) => PulumiProject.create(PROGRAM, { config: { "consul:address": address }, env }),
};

const type = "consul-snapshot:index:ConsulSnapshotRestore";

export const PLUGIN_HOST: RestoreHost = {
  type,
  create: (address, env) =>
    PulumiProject.yaml(
      ({ RUN, SOURCE, SAFETY, ALLOW }) => ({
        resources: {
          rollback: {
            type,
            properties: {
              runId: RUN,
              validUntil: FOREVER,
              source: SOURCE,
              safetySnapshot: { target: SAFETY },
              ...(ALLOW === undefined ? {} : { allow: [ALLOW] }),
            },
          },
        },
        outputs: { safetyLocation: "${rollback.safetyLocation}", differences: "${rollback.differences}" },
      }),
      { config: { "consul-snapshot:address": address }, env },
    ),
};
