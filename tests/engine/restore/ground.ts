/** What the tests of ConsulSnapshotRestore stand on: a Consul behind a proxy, and two archives of it. */

import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { type ConsulServer, fillKv, startConsul, untilRegistered } from "../../support/consul/consul";
import { type ConsulProxy, consulProxy } from "../../support/faults/consulProxy";
import type { PulumiProject } from "../../support/pulumi/project";
import { saveTo, temporaryFolder } from "../../support/programs/saving";
import { federated } from "../../support/consul/federated";
import { DYNAMIC_HOST, type RestoreHost } from "./hosts";

export const TYPE = DYNAMIC_HOST.type;

export class RestoreGround {
  /** Of the test that runs: its own run and place for safety snapshots; the source is `archive`. */
  env = { RUN: "", SOURCE: "", SAFETY: "" };
  private readonly projects: PulumiProject[] = [];
  private restoresBefore = 0;

  private constructor(
    private readonly host: RestoreHost,
    readonly consul: ConsulServer,
    readonly proxy: ConsulProxy,
    private readonly folder: Awaited<ReturnType<typeof temporaryFolder>>,
    /** In which the key `who` is "the archive". */
    readonly archive: string,
    /** In which it is "the other archive". */
    readonly other: string,
  ) {}

  static async start(host = DYNAMIC_HOST): Promise<RestoreGround> {
    const [consul, folder] = [await startConsul(), await temporaryFolder()];
    await fillKv(consul, { keys: 50, bytes: 100 });
    await federated(consul, 1);
    await untilRegistered([consul]);
    const save = async (who: string): Promise<string> => {
      await consul.api("/v1/kv/who", { method: "PUT", body: who });
      return (await saveTo(`${folder.path}/archives/`, { address: consul.address })).saved.manifest.location;
    };
    const proxy = await consulProxy(consul.address);
    return new RestoreGround(host, consul, proxy, folder, await save("the archive"), await save("the other archive"));
  }

  /** @param run - a name that no other test has */
  async begin(run: string): Promise<void> {
    this.env = { RUN: run, SOURCE: this.archive, SAFETY: `${this.folder.path}/${run.replaceAll(/\W/g, "-")}/` };
    this.restoresBefore = this.proxy.restores();
    await this.writes("the cluster");
  }

  async end(): Promise<void> {
    await Promise.all(this.projects.splice(0).map((project) => project.remove()));
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.consul.stop();
    await this.folder.remove();
  }

  async project(): Promise<PulumiProject> {
    const project = await this.host.create(this.proxy.address, this.env);
    this.projects.push(project);
    return project;
  }

  async writes(who: string): Promise<void> {
    await this.consul.api("/v1/kv/who", { method: "PUT", body: who });
  }

  async who(): Promise<string> {
    return String(await this.consul.api("/v1/kv/who?raw"));
  }

  /** How many restores the test has sent to Consul. */
  restores(): number {
    return this.proxy.restores() - this.restoresBefore;
  }

  /** Restored once, and written to since: what is written shows whether it is restored again. */
  async restoredOnce(): Promise<PulumiProject> {
    const project = await this.project();
    await project.up();
    expect(await this.who()).to.equal("the archive");
    await this.writes("someone, after the restore");
    return project;
  }

  /** Whose restore was cut off, and did not reach the cluster. */
  async cutOff(): Promise<PulumiProject> {
    const project = await this.project();
    const cut = this.proxy.next("cut");
    const text = await project.upFails();
    await cut;
    expect(text)
      .to.include("RESTORE_UNCONFIRMED")
      .and.not.match(/\n\s+at /);
    expect(await this.who()).to.equal("the cluster");
    return project;
  }

  /** Past the proxy. */
  async restoreByHand(): Promise<void> {
    await this.consul.api("/v1/snapshot", { method: "PUT", body: await readFile(this.archive) });
  }

  async expectNothingRestoredSince(): Promise<void> {
    expect(await this.who()).to.equal("someone, after the restore");
    expect(this.restores()).to.equal(1);
  }
}

/** What state holds of the only restore of a program. */
export async function recorded(
  project: PulumiProject,
  { type } = DYNAMIC_HOST,
): Promise<Readonly<Record<string, unknown>>> {
  const [resource, ...others] = await project.resources(type);
  expect(others).to.be.empty;
  expect(resource, "no restore in state").to.exist;
  return resource?.outputs ?? {};
}

export async function urnOf(project: PulumiProject, { type } = DYNAMIC_HOST): Promise<string> {
  return (await project.resources(type))[0]?.urn ?? "";
}
