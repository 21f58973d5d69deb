/** The scenes of docs/how-to/disaster-runbook.md: quorum lost, a cluster rolled back, a new one from another's archive. */

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ConsulServer } from "../support/consul/consul";
import { federated } from "../support/consul/federated";
import { PulumiProject } from "../support/pulumi/project";
import { type Lost, loseQuorum, startReplacement } from "../support/consul/quorumLoss";
import { startQuiet, withArchive } from "./ground";
import type { Page } from "./page";
import { restoreTranscripts } from "./restoreTranscript";
import { shellIn } from "./shell";
import { restoreAtTerminal } from "./terminal";

type Scenes = Map<string, string>;

export const restoreRunbook: Page = {
  file: "docs/how-to/disaster-runbook.md",
  async play() {
    return new Map([...(await quorumLoss()), ...(await rollback()), ...(await elsewhere())]);
  },
};

const RESCUE = `new ConsulSnapshot("rescue", {
  target: "./rescue/",
  consistency: "stale",
  connection: { address: "10.0.0.3:8500" },
});`;

const YES = "--safety-snapshot ./before-restore/ --yes";

async function quorumLoss(): Promise<Scenes> {
  const lost = await loseQuorum();
  const program = RESCUE.replace("10.0.0.3:8500", lost.survivor.address);
  const project = await PulumiProject.create(program, { config: { "consul:token": lost.token } });
  try {
    return await rescue(lost, project);
  } finally {
    await Promise.all([lost.stop(), project.remove()]);
  }
}

async function rescue(lost: Lost, project: PulumiProject): Promise<Scenes> {
  const shown: Scenes = new Map([["rescue-program", RESCUE]]);
  const old = restoreTranscripts(project.dir, { hosts: { "10.0.0.3": lost.survivor } });
  await writeFile(project.path("old.token"), lost.token);
  const before = await shellIn(project.dir, { ...operator(lost.survivor), CONSUL_HTTP_TOKEN_FILE: "old.token" });
  shown.set("lost", old(await before.type("consul kv get app/greeting", 1)));
  shown.set("rescue", old(`$ pulumi up --yes --skip-preview\n${await project.up()}`));
  const archive = relative(String((await project.outputs()).location), project.dir);
  shown.set("verify", old(await before.type(`npx --no consul-snapshot verify --consul-version 1.14.11 ${archive}`)));
  await lost.stop();

  const replacement = await startReplacement();
  try {
    const [first] = replacement.servers;
    if (first?.token === undefined) throw new Error("no replacement");
    const hosts = replacement.servers.map((server, i) => [`10.0.1.${i + 1}`, server] as const);
    const clean = restoreTranscripts(project.dir, { hosts: Object.fromEntries(hosts) });
    await writeFile(project.path("new.token"), first.token);
    const shell = await shellIn(project.dir, { ...operator(first), CONSUL_HTTP_TOKEN_FILE: "new.token" });
    const restore = `npx --no consul-snapshot restore ${archive} --allow otherCluster`;
    // The leader is any of the three.
    const plan = clean(await shell.type(`${restore} --safety-snapshot ./before-restore/ --plan`));
    shown.set("plan", plan.replace(/10\.0\.1\.\d:8300 is the leader/, "10.0.1.1:8300 is the leader"));
    shown.set("restore", clean(await shell.type(`${restore} ${YES} --token-after-restore-file old.token`)));
    const look = ["consul kv get app/greeting", "consul catalog services"];
    const looks = [];
    for (const line of look) looks.push(await shell.type(`CONSUL_HTTP_TOKEN_FILE=old.token ${line}`));
    shown.set("look", clean(looks.join("\n")));
  } finally {
    await replacement.stop();
  }
  return shown;
}

async function rollback(): Promise<Scenes> {
  return withArchive({ acl: true }, async ({ consul, folder, archive, tokenFile }) => {
    const clean = restoreTranscripts(folder, { hosts: { "10.0.0.1": consul }, archive });
    const asked = await restoreAtTerminal(archive.location, {
      options: { httpAddr: consul.address, tokenFile, safetySnapshot: join(folder, "before-restore/") },
      types: "dc1",
    });
    const command = `$ npx --no consul-snapshot restore ${relative(archive.location, folder)} --safety-snapshot ./before-restore/`;
    return new Map([["asked", clean(`${command}\n${asked}`)]]);
  });
}

async function elsewhere(): Promise<Scenes> {
  return withArchive({ acl: true }, async ({ folder, archive, tokenFile }) => {
    const other = await startQuiet({ acl: true, datacenter: "dc2" });
    try {
      // Only the state knows it, as it does that of `consul acl bootstrap`.
      const body = { Description: "operator", Policies: [{ Name: "global-management" }] };
      const { SecretID } = (await other.api("/v1/acl/token", { method: "PUT", body })) as { SecretID: string };
      await writeFile(join(folder, "dc2.token"), SecretID);
      await writeFile(join(folder, "dc1.token"), await readFile(tokenFile));
      const shell = await shellIn(folder, { ...operator(other), CONSUL_HTTP_TOKEN_FILE: "dc2.token" });
      const clean = restoreTranscripts(folder, { hosts: { "10.0.2.1": other }, archive });
      const restore = `npx --no consul-snapshot restore ${relative(archive.location, folder)} ${YES} --run-id 'dc2 from dc1'`;
      const allowed = `${restore} --allow otherDatacenter --allow otherCluster`;
      const proof = `${allowed} --token-after-restore-file dc1.token`;
      const shown = new Map([
        ["other-refused", clean(await shell.type(restore, 1))],
        ["other-token", clean(await shell.type(allowed, 2))],
      ]);
      await federated(other, 2);
      return shown.set("other-proved", clean(await shell.type(proof)));
    } finally {
      await other.stop();
    }
  });
}

function relative(path: string, folder: string): string {
  return path.replace(`${folder}/`, "./");
}

function operator({ address }: ConsulServer): { readonly CONSUL_HTTP_ADDR: string } {
  return { CONSUL_HTTP_ADDR: address };
}
