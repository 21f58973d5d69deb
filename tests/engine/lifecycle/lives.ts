import { readFile, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { type KeyPair, keyPair } from "../../support/archives/ageKeys";
import { ARCHIVE_FACTS } from "../../support/archives/facts";
import { type ConsulServer, startConsul } from "../../support/consul/consul";
import type { PulumiProject } from "../../support/pulumi/project";
import { type Host, DYNAMIC_HOST } from "./hosts";
import { bytesAt, names, remove, removeManifest, write } from "../../support/stores/objects";
import type { StoreKind, StoreServer } from "../../support/stores/stores";

/**
 * Declares the lives of a ConsulSnapshot in one world: a store, with or without encryption, in a program of one host. Each is about what Pulumi, state
 * and arguments decide, to which the store makes no difference; a run at full effort tries them in all worlds all the same.
 */
export function lives(kind: StoreKind, encrypted: boolean, host: Host = DYNAMIC_HOST): void {
  const way = encrypted ? "encrypted" : "plain";
  describe(`a ConsulSnapshot's life in ${kind.name}, ${way}, in a real engine, ${host.name}`, function () {
    this.timeout(300_000);
    let consul: ConsulServer;
    let server: StoreServer;
    let key: KeyPair;
    let project: PulumiProject;
    let target: string;
    let environment: NodeJS.ProcessEnv;
    let tests = 0;

    before(async () => {
      [consul, server, key] = await Promise.all([startConsul(), kind.start(), keyPair()]);
      environment = { ...process.env };
      Object.assign(process.env, server.env);
    });
    after(async () => {
      process.env = environment;
      await Promise.all([consul.stop(), server.stop()]);
    });
    beforeEach(async () => {
      target = server.url(`life-${++tests}/`);
      const env = { ...server.env, TARGET: target, ...(encrypted ? { RECIPIENT: key.recipient } : {}) };
      project = await host.create(consul.address, env);
    });
    afterEach(() => project.remove());

    async function taken(env?: Record<string, string>): Promise<{ location: string; text: string }> {
      const text = await project.up(env);
      return { location: String((await project.outputs()).location), text };
    }

    async function archives(): Promise<number> {
      return (await names(target)).filter((name) => name.endsWith(encrypted ? ".snap.age" : ".snap")).length;
    }

    it("takes one snapshot, and says nothing and takes none when nothing changed", async () => {
      const { location } = await taken();
      const outputs = await project.outputs();
      expect(await bytesAt(location)).to.have.lengthOf(Number(outputs.storedSize));
      expect(outputs.encrypted).to.equal(encrypted);
      const preview = await project.preview();
      const again = await taken();
      expect(again.location).to.equal(location);
      expect(await names(target)).to.have.lengthOf(2);
      for (const text of [preview, again.text]) {
        expect(text)
          .to.include("unchanged")
          .and.not.include("snapshot will be taken")
          .and.not.include("Consul to write");
      }
    });

    it("replaces when a trigger changes, says why in the preview, and keeps the old archive", async () => {
      const first = await taken();
      const preview = await project.preview({ TRIGGER: "2-is-not-to-be-printed" });
      expect(preview).to.include("replace").and.include("a new snapshot will be taken: trigger 0 changed");
      expect(await archives()).to.equal(1);
      const second = await taken({ TRIGGER: "2" });
      expect(second.location).to.not.equal(first.location);
      expect(second.text).to.include(`the archive stays: ${first.location}`);
      expect(await archives()).to.equal(2);
    });

    it("deletes the old archive after a replacement when the policy says so", async () => {
      const first = await taken({ POLICY: "delete" });
      const second = await taken({ POLICY: "delete", TRIGGER: "2" });
      expect(second.text).to.include(`this archive will be deleted only after the new one is saved: ${first.location}`);
      expect(await archives()).to.equal(1);
      expect(await names(target)).to.have.lengthOf(2);
      expect(await bytesAt(second.location)).to.exist;
    });

    it("records a change of policy without a new snapshot", async () => {
      const { location } = await taken();
      const changed = await taken({ POLICY: "delete" });
      expect(changed.location).to.equal(location);
      expect(changed.text).to.include("updated").and.include("deletionPolicy changed; the snapshot stays");
      expect((await project.outputs()).deletionPolicy).to.equal("delete");
      expect(await archives()).to.equal(1);
    });

    it("takes a new one after a refresh found the archive gone", async () => {
      const { location } = await taken();
      await remove(location);
      expect(await project.refresh()).to.include(`the archive ${location} is gone`);
      expect(await project.resources()).to.be.empty;
      const again = await taken();
      expect(again.location).to.not.equal(location);
    });

    it("takes a new one after a refresh found the archive changed, and leaves the changed one", async () => {
      const { location } = await taken({ POLICY: "delete" });
      await write(location, Buffer.concat([(await bytesAt(location)) ?? Buffer.alloc(0), Buffer.from("x")]));
      expect(await project.refresh({ POLICY: "delete" })).to.include(`the archive ${location} has changed`);
      const again = await taken({ POLICY: "delete" });
      expect(again.text)
        .to.include("is no longer the archive that was saved: it was left where it is")
        .and.not.include("will be deleted");
      expect(again.location).to.not.equal(location);
      expect(await bytesAt(location)).to.exist;
    });

    it("remembers that an archive was found changed, and never deletes it", async () => {
      const { location } = await taken({ POLICY: "delete" });
      const bytes = (await bytesAt(location)) ?? Buffer.alloc(0);
      await write(location, Buffer.alloc(bytes.length, "x"));
      for (let times = 0; times < 2; times++) {
        expect(await project.refresh({ POLICY: "delete" })).to.include(`the archive ${location} has changed`);
      }
      expect((await taken({ POLICY: "delete" })).text).to.include("it was left where it is");
      expect(await bytesAt(location)).to.exist;
    });

    it("says of an archive that it is gone, or may be, when that is so while it is destroyed", async () => {
      const { location } = await taken();
      await remove(location);
      expect(await project.destroy()).to.include(`the archive ${location} is gone`);
      const { location: unseen } = await taken();
      await server.kill();
      const text = await project.destroy();
      await server.restart();
      expect(text).to.include(`the archive stays, as far as is known: ${unseen} (`);
    });

    it("takes a new copy of the archive's bytes for what it is: the same; verifyOnRefresh reads it all each time", async () => {
      const verify = { VERIFY: "yes" };
      const { location } = await taken(verify);
      await write(location, (await bytesAt(location)) ?? Buffer.alloc(0));
      expect(await project.refresh(verify)).to.not.match(/has changed|cannot be seen/);
      expect((await taken(verify)).location).to.equal(location);
      // The object is the one that was looked at last: only its bytes tell that others were recorded.
      const state = await readFile(project.stateFile(), "utf8");
      const { storedSha256 } = await project.outputs();
      await writeFile(project.stateFile(), state.replaceAll(String(storedSha256), "0".repeat(64)));
      expect(await project.refresh(verify)).to.include(`the archive ${location} has changed`);
    });

    it("keeps the archive when it is destroyed, unless told to delete it", async () => {
      const kept = await taken();
      expect(await project.destroy()).to.include(`the archive stays: ${kept.location}`);
      expect(await bytesAt(kept.location)).to.exist;
      const doomed = await taken({ POLICY: "delete" });
      expect(await project.destroy()).to.include(`the archive ${doomed.location} was deleted`);
      expect(await names(target)).to.have.lengthOf(2);
      expect(await bytesAt(kept.location)).to.exist;
    });

    it("leaves a changed archive with a warning when it is destroyed, and succeeds", async () => {
      const { location } = await taken({ POLICY: "delete" });
      await write(location, Buffer.from("something else"));
      expect(await project.destroy())
        .to.include("warning")
        .and.include("it was left where it is");
      expect((await bytesAt(location))?.toString()).to.equal("something else");
    });

    describe("looked up with get", () => {
      it("gives the facts of an archive that exists, with or without its manifest, and destroys nothing", async () => {
        const { location } = await taken();
        const saved = await project.outputs();
        await project.destroy();
        await host.lookUp(project);
        await project.up({ LOCATION: location });
        for (const name of [...ARCHIVE_FACTS, "datacenter"])
          expect((await project.outputs())[name], name).to.equal(saved[name]);
        await removeManifest(location);
        await project.refresh({ LOCATION: location });
        await project.destroy({ LOCATION: location });
        if (encrypted) {
          const blind = await project.upFails({ LOCATION: location });
          expect(blind)
            .to.include("no identity is specified")
            .and.not.match(/\n\s+at /);
        }
        await project.up({ LOCATION: location, ...(encrypted ? { IDENTITY: key.identity } : {}) });
        for (const name of ARCHIVE_FACTS) expect((await project.outputs())[name], name).to.equal(saved[name]);
        expect(await project.outputs()).to.not.have.property("datacenter");
        await project.destroy({ LOCATION: location });
        expect(await bytesAt(location)).to.exist;
      });

      it("is an error, without a stack trace, when the archive is not there", async () => {
        await taken();
        await host.lookUp(project);
        const location = server.url(`life-${tests}/missing.snap`);
        const text = await project.upFails({ LOCATION: location });
        expect(text).to.include(`there is no archive at ${location} (STORE_NOT_FOUND)`);
        expect(text)
          .to.include("check the location")
          .and.not.match(/\n\s+at /);
      });
    });

    it("says before anything happens that a name is always the same, and overwrites when told to", async () => {
      const TARGET = server.url(`life-${tests}/always-the-same.snap`);
      const text = await project.upFails({ TARGET });
      expect(text)
        .to.include("add {timestamp}")
        .and.not.match(/\n\s+at /);
      const told = { TARGET, OVERWRITE: "yes", POLICY: "delete" };
      const first = await taken(told);
      const before = (await project.outputs()).sha256;
      const second = await taken({ ...told, TRIGGER: "2" });
      expect(second.location).to.equal(first.location);
      expect(second.text)
        .to.include(`the new one will take the place of this archive: ${first.location}`)
        .and.include(`${first.location} holds a newer archive by now, which stays`)
        .and.not.include("will be deleted")
        .and.not.include("no longer the archive that was saved");
      const { sha256, storedSize } = await project.outputs();
      expect(sha256).to.not.equal(before);
      expect(await bytesAt(second.location), "the new one was not taken for the old one").to.have.lengthOf(
        Number(storedSize),
      );
      expect(await names(target)).to.have.lengthOf(2);
    });

    it("keeps state, with a warning, when the store cannot be seen from here", async () => {
      const { location } = await taken();
      await server.kill();
      const text = await project.refresh();
      await server.restart();
      expect(text).to.include("warning").and.include("cannot be seen from here");
      expect((await project.outputs()).location).to.equal(location);
    });
  });
}
