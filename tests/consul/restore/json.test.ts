import { existsSync } from "node:fs";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { expect } from "chai";
import { restore as description } from "../../../cli/commands/restore";
import { DONE, NOTHING_DONE, UNSETTLED } from "../../../cli/restore/restore";
import { type ConsulServer, startConsul } from "../../support/consul/consul";
import { documentedKeys, keysOf } from "../../support/documentedJson";
import { command } from "../../support/programs/command";
import { saveTo, temporaryFolder } from "../../support/programs/saving";

interface Guard {
  readonly name: string;
  readonly ok: boolean;
  readonly overridable: boolean;
}

describe("the command restore, for programs", function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  before(async () => {
    consul = await startConsul();
    folder = await temporaryFolder();
    await consul.api("/v1/kv/who", { method: "PUT", body: "the archive" });
    const { location } = (await saveTo(`${folder.path}/`, { address: consul.address })).saved.manifest;
    for (const suffix of ["", ".manifest.json"]) {
      await copyFile(location + suffix, join(folder.path, `consul-dc1.snap${suffix}`));
    }
  });
  after(async () => {
    await consul.stop();
    await folder.remove();
  });

  const run = (args: readonly string[]) =>
    command(args, { env: { CONSUL_HTTP_ADDR: consul.address }, cwd: folder.path });

  /** Standard output must be one JSON document. */
  async function json(...more: readonly string[]): Promise<{ code: number | null; value: unknown; err: string }> {
    const args = ["restore", "consul-dc1.snap", "--safety-snapshot", "./before/", "--format", "json", ...more];
    const { code, out, err } = await run(args);
    return { code, value: JSON.parse(out), err };
  }

  it("prints a plan in the documented shape", async () => {
    const { code, value } = await json("--plan");
    expect(code).to.equal(DONE);
    expect(value).to.include({ wouldRestore: true });
    expect(keysOf(value)).to.deep.equal(documentedKeys("restore --plan"));
  });

  it("shows with a plan which records would change, for people and as part of the same document", async () => {
    await consul.api("/v1/kv/who", { method: "PUT", body: "somebody else" });
    await consul.api("/v1/kv/later", { method: "PUT", body: "x" });
    const { code, value, err } = await json("--plan", "--diff");
    expect(code, err).to.equal(DONE);
    const { differences } = value as { differences: { type: string; change: string; key: string }[] };
    const keys = differences.filter(({ type }) => type === "KVS").map(({ change, key }) => [change, key]);
    expect(keys).to.deep.equal([
      ["removed", "later"],
      ["changed", "who"],
    ]);
    expect(value)
      .to.include({ wouldRestore: true, same: false })
      .and.to.have.keys(...Object.keys((await json("--plan")).value as object), "differences", "types", "same");

    const plan = ["restore", "consul-dc1.snap", "--safety-snapshot", "./before/", "--plan", "--diff"];
    const shown = await run(plan);
    expect(shown.code, shown.err).to.equal(DONE);
    expect(shown.out).to.match(/It would be restored[^]*\nKVS\n {2}- later\n {2}~ who\n/);
    expect(shown.out).to.not.include("somebody else");
    const refused = await run([...plan, "--valid-until", "2026-01-01T00:00:00Z"]);
    expect(refused.code).to.equal(NOTHING_DONE);
    expect(refused.out).to.include("expired").and.not.include("~ who");
    const alone = await run(plan.filter((word) => word !== "--plan"));
    expect(alone).to.include({ code: NOTHING_DONE, out: "" });
    expect(alone.err).to.include("--diff belongs to --plan").and.include("Nothing was restored.");
  });

  it("prints a refusal with its guards as data, and the plain sentence on standard error", async () => {
    const expired = ["--valid-until", "2026-01-01T00:00:00Z"];
    const { code, value, err } = await json("--yes", ...expired);
    expect(code).to.equal(NOTHING_DONE);
    const { error } = value as { error: { code: string; message: string; details: { guards: Guard[] } } };
    expect(error.code).to.equal("RESTORE_REFUSED");
    expect(err).to.include(`${error.message} (RESTORE_REFUSED)\n`);
    expect(error.details.guards).to.have.lengthOf(1);
    expect(error.details.guards[0]).to.include({ name: "expired", ok: false, overridable: false });

    const plan = await json("--plan", ...expired);
    expect(plan.code).to.equal(NOTHING_DONE);
    const { wouldRestore, guards, refusal } = plan.value as {
      wouldRestore: boolean;
      guards: Guard[];
      refusal: { code: string; details: { guards: Guard[] } };
    };
    expect(wouldRestore).to.equal(false);
    expect(guards.filter(({ ok }) => !ok).map(({ name }) => name)).to.deep.equal(["expired"]);
    expect(refusal.details.guards.map(({ name }) => name)).to.deep.equal(["expired"]);
  });

  it("prints the result in the documented shape, and once more for the same run", async () => {
    const { code, value, err } = await json("--yes", "--run-id", "json");
    expect(code, err).to.equal(DONE);
    const result = value as Record<"outcome" | "receipt" | "safetySnapshot" | "changesSinceSafetySnapshot", string>;
    expect(value).to.include({ adopted: false, runId: "json" });
    expect(result.outcome).to.be.oneOf(["exact", "drift"]);
    expect(existsSync(result.receipt) && existsSync(result.safetySnapshot)).to.equal(true);
    expect(result.changesSinceSafetySnapshot).to.be.a("number");
    const documented = documentedKeys("restore");
    expect(keysOf(value).filter((key) => !/^(guards|differences)\[\]/.test(key))).to.deep.equal(documented);

    const again = await json("--yes", "--run-id", "json");
    expect(again.code).to.equal(DONE);
    expect(again.value).to.include({ adopted: true, receipt: result.receipt }).and.not.have.property("guards");
    const plan = await json("--plan", "--run-id", "json");
    expect(plan.code).to.equal(NOTHING_DONE);
    expect(plan.value).to.have.keys("wouldRestore", "runId", "earlier");
    expect((plan.value as { earlier: object }).earlier).to.include({
      receipt: result.receipt,
      outcome: result.outcome,
    });
  });

  it("prints what only a receipt says as unproved, with the exit code of what is not verified", async () => {
    const { value } = await json("--yes", "--run-id", "doubtful");
    const { receipt } = value as { readonly receipt: string };
    for (const place of [dirname(receipt), folder.path]) {
      const path = join(place, basename(receipt));
      const fields = JSON.parse(await readFile(path, "utf8")) as object;
      await writeFile(path, JSON.stringify({ ...fields, sha256: "0".repeat(64) }));
    }
    const again = await json("--yes", "--run-id", "doubtful");
    expect(again.code).to.equal(UNSETTLED);
    expect(again.value).to.include({ outcome: "unproved", adopted: true });
    expect(again.err).to.include("the cluster does not prove it");
  });

  for (const { does, line } of description.examples) {
    it(`--help has an example that works: ${does}`, async () => {
      const { code, err } = await run(line.split(" ").slice(1));
      expect(code, err).to.equal(DONE);
    });
  }
});
