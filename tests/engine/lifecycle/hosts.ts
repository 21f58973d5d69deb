/** The same programs for both hosts of Pulumi: dynamic resources in JavaScript, and the plugin's in YAML. */

import { PLUGIN_TYPE as type, type ProjectOptions, PulumiProject } from "../../support/pulumi/project";

export interface Host {
  readonly name: string;
  /** A program with one ConsulSnapshot, which the environment describes. */
  create(address: string, env: Readonly<Record<string, string>>): Promise<PulumiProject>;
  /** Replaces it with one that looks an archive up. */
  lookUp(project: PulumiProject): Promise<void>;
}

export const DYNAMIC_HOST: Host = {
  name: "as a dynamic resource",
  create(address, env) {
    const program = `
const backup = new ConsulSnapshot("backup", {
  target: env.TARGET,
  triggers: [env.TRIGGER || "1"],
  deletionPolicy: env.POLICY || "retain",
  overwrite: env.OVERWRITE === "yes",
  verifyOnRefresh: env.VERIFY === "yes",
  ...(env.RECIPIENT ? { encryption: { recipients: [env.RECIPIENT] } } : {}),
});
exports.location = backup.location;
`;
    return PulumiProject.create(program, { config: { "consul:address": address }, env });
  },
  lookUp: (project) =>
    project.program(`
const decryption = env.IDENTITY ? { identities: [env.IDENTITY] } : undefined;
const found = ConsulSnapshot.get("found", env.LOCATION, { decryption });
exports.index = found.index;
exports.sha256 = found.sha256;
`),
};

export const PLUGIN_HOST: Host = pluginHost("as a resource of the plugin", () => ({}));

/** @param more - options of its projects, asked for before each */
export function pluginHost(name: string, more: () => Promise<ProjectOptions> | ProjectOptions): Host {
  return {
    name,
    async create(address, env) {
      const config = { "consul-snapshot:address": address };
      const options = await more();
      return PulumiProject.yaml(
        ({ TARGET, TRIGGER, POLICY, OVERWRITE, VERIFY, RECIPIENT }) => ({
          resources: {
            backup: {
              type,
              properties: {
                target: TARGET,
                triggers: [TRIGGER ?? "1"],
                deletionPolicy: POLICY ?? "retain",
                overwrite: OVERWRITE === "yes",
                verifyOnRefresh: VERIFY === "yes",
                ...(RECIPIENT === undefined ? {} : { encryption: { recipients: [RECIPIENT] } }),
              },
            },
          },
          outputs: { location: "${backup.location}" },
        }),
        { ...options, config, env: { ...options.env, ...env } },
      );
    },
    lookUp(project) {
      // Without an identity: pulumi-yaml 1.38 accepts only the names of outputs in the state of a lookup.
      project.yamlProgram(({ LOCATION }) => ({
        resources: { found: { type, get: { id: LOCATION } } },
        outputs: { index: "${found.index}", sha256: "${found.sha256}" },
      }));
      return Promise.resolve();
    },
  };
}
