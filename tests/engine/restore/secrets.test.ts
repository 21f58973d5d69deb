import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { keyPair } from "../../support/archives/ageKeys";
import { startConsul, untilRegistered } from "../../support/consul/consul";
import { federated } from "../../support/consul/federated";
import { consulProxy } from "../../support/faults/consulProxy";
import { effort } from "../../support/effort";
import { PulumiProject } from "../../support/pulumi/project";
import { saveTo } from "../../support/programs/saving";
import { recorded } from "./ground";
import { DYNAMIC_HOST, PLUGIN_HOST, type RestoreHost } from "./hosts";

/** A program for each host of Pulumi. In YAML all arguments are plain: the schema marks what is secret. */
const HOSTS: readonly { readonly host: RestoreHost; readonly create: () => Promise<PulumiProject> }[] = [
  {
    host: DYNAMIC_HOST,
    create: () =>
      PulumiProject.create(`
const maybe = (value) => (env.WHOLE ? pulumi.output(value) : value);
new ConsulSnapshotRestore("rollback", {
  runId: env.RUN,
  validUntil: "2099-01-01T00:00:00Z",
  source: env.SOURCE,
  safetySnapshot: { target: "./before/" },
  connection: maybe({ address: env.ADDRESS, token: env.TOKEN }),
  decryption: maybe({ identities: [env.IDENTITY] }),
  tokenAfterRestore: env.TOKEN_AFTER,
});
`),
  },
  {
    host: PLUGIN_HOST,
    create: () =>
      PulumiProject.yaml(({ RUN, SOURCE, ADDRESS, TOKEN, IDENTITY, TOKEN_AFTER, WHOLE }) => {
        const maybe = (value: object): object => (WHOLE === undefined ? value : { "fn::secret": value });
        return {
          resources: {
            rollback: {
              type: PLUGIN_HOST.type,
              properties: {
                runId: RUN,
                validUntil: "2099-01-01T00:00:00Z",
                source: SOURCE,
                safetySnapshot: { target: "./before/" },
                connection: maybe({ address: ADDRESS, token: TOKEN }),
                decryption: maybe({ identities: [IDENTITY] }),
                tokenAfterRestore: TOKEN_AFTER,
              },
            },
          },
        };
      }),
  },
];

describe("the secrets of a restore", function () {
  this.timeout(240_000);

  for (const { host, create } of effort.choose(HOSTS.slice(0, 1), HOSTS)) {
    it(`are nowhere: not in state, its backups, the output, a receipt or a manifest, also when it is cut off: ${host.type}`, async () => {
      const [consul, key] = [await startConsul({ acl: true }), await keyPair()];
      await federated(consul, 1);
      await untilRegistered([consul]);
      const proxy = await consulProxy(consul.address);
      const project = await create();
      try {
        const made = await consul.api("/v1/acl/token", {
          method: "PUT",
          body: { Policies: [{ Name: "global-management" }] },
        });
        const { SecretID: tokenAfter } = made as { SecretID: string };
        const token = consul.token ?? "";
        const { saved } = await saveTo(
          project.path("archives/"),
          { address: consul.address, token },
          { recipients: [key.recipient] },
        );
        await consul.api("/v1/kv/newer", { method: "PUT", body: "than the archive" });
        const env = {
          RUN: "first",
          SOURCE: saved.manifest.location,
          ADDRESS: proxy.address,
          TOKEN: token,
          IDENTITY: key.identity,
          TOKEN_AFTER: tokenAfter,
        };
        const texts = [await project.preview(env)];
        const cut = proxy.next("cut");
        texts.push(await project.upFails(env));
        await cut;
        expect(await recorded(project, host)).to.have.property("attempt");
        texts.push((await project.run(["preview", "--diff"], env)).text);
        texts.push(await project.upFails({ ...env, RUN: "second", IDENTITY: `${key.identity}x` }));
        texts.push(await project.upFails({ ...env, RUN: "second", TOKEN_AFTER: `${tokenAfter}\n` }));
        texts.push(await project.up({ ...env, RUN: "second", WHOLE: "1" }));
        texts.push(await project.refresh({ ...env, RUN: "second" }));
        expect(await recorded(project, host)).to.include({ runId: "second", outcome: "exact" });

        const needles = { token, tokenAfter, identity: key.identity };
        for (const [name, needle] of Object.entries(needles)) {
          expect(texts.join("\n").includes(needle), `${name} in the output`).to.be.false;
        }
        const files = (await readdir(project.dir, { recursive: true, withFileTypes: true })).filter(
          (entry) => entry.isFile() && !entry.parentPath.includes("node_modules"),
        );
        const names = files.map(({ name }) => name);
        expect(names).to.include("dev.json");
        // Two runs, each beside the archive and beside the safety snapshot.
        expect(names.filter((name) => name.endsWith(".receipt.json"))).to.have.lengthOf(4);
        for (const { name, parentPath } of files) {
          // The program has the secrets, and an archive holds the cluster's ACL tokens: see docs/explanation/security.md.
          if (/\.snap$|^Pulumi\.yaml$/.test(name)) continue;
          const bytes = await readFile(join(parentPath, name));
          for (const [secret, needle] of Object.entries(needles)) {
            expect(bytes.includes(needle), `${secret} in ${join(parentPath, name)}`).to.be.false;
          }
        }
      } finally {
        await project.remove();
        await proxy.stop();
        await consul.stop();
      }
    });
  }
});
