import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { factsOf } from "../../../../provider/catalog/archiveFacts";
import type { Manifest } from "../../../../provider/catalog/manifest";
import { FUNCTIONS, type FunctionName } from "../../../../provider/functions/functions";
import { Host } from "../../../../provider/hosts/plugin/host";
import type { End, Found, Query } from "../../../../provider/hosts/plugin/list";
import { fromWire, toWire, type WireObject } from "../../../../provider/hosts/values";
import { SnapshotError } from "../../../../provider/errors";
import { UNKNOWN } from "../../../../provider/lifecycle";
import { archiveOf } from "../../../fixtures/archive";
import { readArchive } from "../../../fixtures/reading";
import { keyValue, stateOf } from "../../../fixtures/state";
import { manifestOf } from "../../../support/archives/manifests";
import { temporaryFolder } from "../../../support/programs/saving";
import { misfits } from "../../../support/pulumi/outputShape";

const never = new AbortController().signal;

interface Listing {
  readonly archives: readonly { readonly location: string; readonly index: number; readonly series: string }[];
  readonly total: number;
  readonly orphanedManifests: number;
  readonly unreadableManifests: number;
  readonly unreadableNames: number;
}

describe("the plugin's functions", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const host = new Host(() => Promise.resolve());
  const path = (...names: string[]): string => join(folder.path, ...names);
  const call = (name: string, args: WireObject): Promise<WireObject> =>
    host.invoke(`consul-snapshot:index:${name}`, args);
  const archive = archiveOf(stateOf([keyValue("app/a", "1"), keyValue("app/b", "22")]));

  /** The outputs, with secrets plain, and of the form that the function's table promises. */
  async function outputs<T>(name: FunctionName, args: WireObject): Promise<T> {
    const plain = fromWire(await call(name, args));
    expect(misfits(FUNCTIONS[name].outputs, plain)).to.deep.equal([]);
    return plain as T;
  }

  async function refusal(name: string, args: WireObject): Promise<string> {
    const failure = await call(name, args).catch((error: unknown) => error);
    expect(failure, JSON.stringify(args))
      .to.be.instanceOf(SnapshotError)
      .and.to.include({
        code: "ARGUMENT_INVALID",
        hint: `Correct the inputs of ${name}.`,
      });
    return (failure as SnapshotError).message;
  }

  async function keep(
    name: string,
    manifest: Partial<Manifest>,
    content: Uint8Array = new Uint8Array(50),
  ): Promise<void> {
    await writeFile(path(name), content);
    await writeFile(path(`${name}.manifest.json`), JSON.stringify({ ...manifestOf(1), ...manifest }));
  }

  before(async () => {
    folder = await temporaryFolder();
    await mkdir(path("place"));
    for (const [at, day] of ["02", "04", "01", "03"].entries()) {
      await keep(`place/${at}.snap`, {
        index: Number(day),
        takenAt: `2026-11-${day}T00:00:00.000Z`,
        series: at === 0 ? "other" : "own\u200b[2J\u00ad",
      });
    }
    await writeFile(path("place/gone.snap.manifest.json"), JSON.stringify(manifestOf(9)));
    await writeFile(path("place/odd.snap"), "");
    await writeFile(path("place/odd.snap.manifest.json"), "{}");
    const facts = factsOf(await readArchive(archive), path("a.snap"));
    await keep("a.snap", { ...facts, consulVersion: "1.13.9", datacenter: "dc1", series: "s" }, archive);
    await writeFile(path("cut.snap"), archive.subarray(0, -5));
  });
  after(() => folder.remove());

  it("inspectArchive returns facts, keys and which versions of Consul can restore the archive", async () => {
    const found = await outputs<Record<string, unknown>>("inspectArchive", {
      source: path("a.snap"),
      inspect: { kvDepth: 1 },
    });
    expect(found).to.include({
      location: path("a.snap"),
      index: 1182,
      datacenter: "dc1",
      series: "s",
      encrypted: false,
    });
    expect(found.kv).to.deep.include({ prefixes: [{ prefix: "app", count: 2, size: 161 }] });
    expect(found.restorable).to.include({ ok: true, consulVersion: "1.13.9" });
    expect(found.problems).to.deep.equal([]);
    expect(found.restoredBy).to.not.be.empty;
  });

  it("inspectArchive takes no fact from a manifest of another archive", async () => {
    const other = archiveOf(stateOf([keyValue("app/c", "3")]));
    await keep("other.snap", { storedSize: other.length, datacenter: "forged", consulVersion: "1.13.9" }, other);
    const found = await outputs("inspectArchive", { source: path("other.snap") });
    expect(found).to.not.have.any.keys("datacenter", "consulVersion", "restorable", "series", "purpose");
  });

  it("inspectArchive fails for what is no archive, with a code and a hint", async () => {
    for (const [name, code, hint] of [
      ["cut.snap", "ARCHIVE_TRUNCATED", "look for another copy"],
      ["nowhere.snap", "STORE_NOT_FOUND", "Check the source"],
      ["place", "TARGET_INVALID", "one archive by its whole path"],
    ] as const) {
      const failure = await call("inspectArchive", { source: path(name) }).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure).to.include({ code });
      expect(failure).to.have.property("hint").that.includes(hint);
    }
  });

  it("verifyArchive returns a verdict, also on an archive that is invalid or not there", async () => {
    const valid = await outputs("verifyArchive", { source: path("a.snap"), consulVersion: "1.13.9" });
    expect(valid).to.deep.include({ ok: true, valid: true, manifest: "matches", source: path("a.snap") });
    expect(valid).to.have.nested.property("restorable.ok", true);
    const cut = await outputs("verifyArchive", { source: path("cut.snap") });
    expect(cut).to.include({ ok: false, valid: false }).and.not.have.any.keys("manifest", "archive");
    expect(cut).to.have.nested.property("error.code", "ARCHIVE_TRUNCATED");
    const absent = await outputs("verifyArchive", { source: path("nowhere.snap") });
    expect(absent).to.include({ ok: false }).and.not.have.any.keys("valid");
    expect(absent).to.have.nested.property("error.code", "STORE_NOT_FOUND");
    const other = await outputs("verifyArchive", { source: path("other.snap") });
    expect(other).to.include({ ok: false, valid: true, manifest: "differs" });
    const old = archiveOf(stateOf([{ type: 111, value: {} }]));
    await writeFile(path("unknown.snap"), old);
    const unknown = await outputs("verifyArchive", { source: path("unknown.snap"), consulVersion: "1.13.9" });
    expect(unknown).to.include({ ok: false, valid: true });
  });

  it("listArchives returns the newest first, as many as the limit allows, and counts all", async () => {
    const all = await outputs<Listing>("listArchives", { target: path("place") });
    expect(all.archives.map(({ index }) => index)).to.deep.equal([4, 3, 2, 1]);
    expect(all).to.include({ total: 4, orphanedManifests: 1, unreadableManifests: 1, unreadableNames: 0 });
    const two = await outputs<Listing>("listArchives", { target: `${path("place")}/`, limit: 1 });
    expect(two.archives.map(({ location }) => location)).to.deep.equal([path("place/1.snap")]);
    expect(two.total).to.equal(4);
    const own = await outputs<Listing>("listArchives", { target: path("place"), series: "other" });
    expect(own.archives.map(({ index }) => index)).to.deep.equal([2]);
  });

  it("no text from outside keeps its control characters", async () => {
    const { archives } = await outputs<Listing>("listArchives", { target: path("place") });
    expect(archives.map(({ series }) => series)).to.include("own [2J ");
  });

  it("what is wrong with inputs is one sentence each, which shows no secret", async () => {
    const identity = "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQ";
    for (const [name, args, reason] of [
      ["inspectArchive", {}, "source is required"],
      ["inspectArchive", { source: path("a.snap"), inspects: {} }, "inspects is not an argument of inspectArchive"],
      ["inspectArchive", { source: `${path("place")}/` }, "source is a folder, not an archive"],
      ["inspectArchive", { source: path("a.snap.manifest.json") }, "source is a manifest, not an archive"],
      ["inspectArchive", { source: path("a.snap"), inspect: { kvDepth: "2" } }, "inspect.kvDepth must be a positive"],
      ["verifyArchive", { source: path("a.snap"), consulVersion: "new" }, "consulVersion must be a version of Consul"],
      ["verifyArchive", { source: 4 }, "source must be"],
      ["verifyArchive", { source: path("a.snap"), decryption: { identityFiles: [identity] } }, "in place of a path"],
      ["verifyArchive", { source: path("a.snap"), decryption: { identities: [identity] } }, "decryption"],
      ["listArchives", { target: "s4://bucket/" }, "unknown scheme"],
      ["listArchives", { target: path("place"), limit: 0 }, "limit must be a positive integer of at most 1000"],
      ["listArchives", { target: path("place"), limit: 1001 }, "limit must be a positive integer of at most 1000"],
      ["planRestore", { source: path("a.snap") }, "safetySnapshot is required"],
      ["planRestore", { source: path("a.snap"), safetySnapshot: false, allow: ["x"] }, '"x" is not a guard'],
      ["planRestore", { source: path("a.snap"), safetySnapshot: false, connection: { adress: "a" } }, "adress"],
    ] as const) {
      const message = await refusal(name, args);
      expect(message).to.include(reason).and.not.include(identity);
      expect(message.split("\n"), message).to.have.lengthOf(1);
    }
  });

  it("an unknown input makes no call, and what is known is still checked", async () => {
    const unknown = toWire(UNKNOWN);
    expect(await call("verifyArchive", { source: unknown })).to.deep.equal({});
    const plan = { source: unknown, safetySnapshot: { target: unknown }, connection: { address: unknown } };
    expect(await call("planRestore", plan)).to.deep.equal({});
    expect(await refusal("listArchives", { target: unknown, limit: 5000 })).to.include("limit");
  });

  it("what repeats a secret input is whole, and secret", async () => {
    await mkdir(path("hidden"));
    await keep("hidden/a.snap", {});
    const wire = await call("listArchives", { target: toWire(path("hidden"), true) });
    const location = path("hidden/a.snap");
    expect(wire).to.deep.include({ total: 1 });
    expect(JSON.stringify(wire)).to.include(JSON.stringify(toWire(location, true)).slice(1, -1));
  });

  it("a function that does not exist is refused by name", async () => {
    const failure = await call("inspectArchiv", {}).catch((error: unknown) => error);
    expect(failure).to.have.property("message").that.includes("inspectArchive");
  });

  async function list(query: Partial<Query>): Promise<{ readonly end: End; readonly found: Found[] }> {
    const found: Found[] = [];
    const whole = { token: "consul-snapshot:index:ConsulSnapshot", limit: 0, pageSize: 0, continuation: "" };
    const inputs = { target: path("place") };
    const end = await host.list({ ...whole, inputs, ...query }, never, (each) =>
      Promise.resolve(void found.push(each)),
    );
    return { end, found };
  }

  it("List has an id to import and a line of facts for each archive, up to the limit", async () => {
    const { end, found } = await list({});
    expect(end).to.deep.equal({ kind: "complete" });
    expect(found).to.have.lengthOf(4);
    expect(found).to.deep.include({
      id: path("place/0.snap"),
      name: "2026-11-02T00:00:00.000Z, index 2, 0.1 kB, Consul unknown, backup, intact, series other",
    });
    expect((await list({ limit: 3 })).found).to.have.lengthOf(3);
    expect((await list({ inputs: { target: path("place"), series: "other" } })).found).to.have.lengthOf(1);
    expect((await list({ inputs: { target: toWire(UNKNOWN) } })).end).to.deep.equal({ kind: "unknown" });
  });

  it("List continues after the last location, and says when there is no other page", async () => {
    const all = (await list({})).found.sort((one, other) => (one.id < other.id ? -1 : 1));
    const first = await list({ pageSize: 3 });
    const continuation = `3 ${path("place/2.snap")}`;
    expect(first).to.deep.equal({ found: all.slice(0, 3), end: { kind: "continued", continuation } });
    expect(await list({ pageSize: 3, continuation })).to.deep.equal({ found: all.slice(3), end: { kind: "complete" } });
    expect(await list({ continuation })).to.deep.equal({ found: all.slice(3), end: { kind: "complete" } });
    expect((await list({ pageSize: 4 })).end).to.deep.equal({ kind: "complete" });
    expect(await list({ pageSize: 2, limit: 2 })).to.deep.equal({ found: all.slice(0, 2), end: { kind: "complete" } });
    const rest = await list({ pageSize: 3, limit: 4, continuation });
    expect(rest).to.deep.equal({ found: all.slice(3), end: { kind: "complete" } });
    const failure = await list({ continuation: "3" }).catch((error: unknown) => error);
    expect(failure).to.have.property("message").that.includes("continuation token");
  });

  it("List neither leaves out nor repeats an archive that stays while others come and go between two pages", async () => {
    await mkdir(path("moving"));
    for (const name of ["b", "d", "f", "h"]) await keep(`moving/${name}.snap`, {});
    const inputs = { target: path("moving") };
    const { found, end } = await list({ inputs, pageSize: 2 });
    for (const name of ["b", "d"]) await rm(path(`moving/${name}.snap`));
    for (const name of ["a", "c", "e"]) await keep(`moving/${name}.snap`, {});
    const continuation = end.kind === "continued" ? end.continuation : "";
    const more = await list({ inputs, pageSize: 5, continuation });
    const names = [...found, ...more.found].map(({ id }) => id.slice(-6, -5));
    expect(names).to.deep.equal(["b", "d", "e", "f", "h"]);
  });

  it("a cancelled List ends although its client reads nothing more", async () => {
    const gone = new AbortController();
    const whole = { token: "consul-snapshot:index:ConsulSnapshot", limit: 0, pageSize: 0, continuation: "" };
    const listing = host.list({ ...whole, inputs: { target: path("place") } }, gone.signal, () => {
      gone.abort();
      return new Promise(() => undefined);
    });
    expect(await listing.catch((error: unknown) => error)).to.include({ code: "INTERRUPTED" });
  });

  it("List refuses what it cannot list", async () => {
    for (const [query, reason] of [
      [{ token: "consul-snapshot:index:ConsulSnapshotRestore" }, "cannot be listed"],
      [{ inputs: {} }, "target is required"],
      [{ inputs: { target: "s4://bucket/" } }, "unknown scheme"],
    ] as const) {
      const failure = await list(query).catch((error: unknown) => error);
      expect(failure).to.have.property("message").that.includes(reason);
    }
  });
});
