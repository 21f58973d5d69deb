import { status } from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { expect } from "chai";
import { SnapshotError } from "../../../../provider/errors";
import { checkConfiguration, configLookup, SETTINGS } from "../../../../provider/hosts/plugin/configuration";
import { detailedDiff } from "../../../../provider/hosts/plugin/detailedDiff";
import { toServiceError } from "../../../../provider/hosts/plugin/failures";
import { PartialFailure } from "../../../../provider/hosts/plugin/host";
import { readWire } from "../../../../provider/hosts/plugin/secretArguments";
import { ownerFromUrn, typeFromUrn } from "../../../../provider/hosts/plugin/urn";
import { toWire, valuesToWire } from "../../../../provider/hosts/values";
import { type Change, UNKNOWN } from "../../../../provider/lifecycle";

function change(path: string, more: Partial<Change> = {}): Change {
  return { path, kind: "update", replaces: false, reason: "", ...more };
}

describe("a detailed diff", () => {
  it("has a path for each argument that changed, and an argument for each path", () => {
    const { diffs, replaces, detailed } = detailedDiff([
      change("triggers", { part: "triggers[0]", replaces: true }),
      change("triggers", { part: "triggers[1]", kind: "add", replaces: true }),
      change("overwrite", { kind: "delete" }),
    ]);
    expect(diffs).to.deep.equal(["triggers", "overwrite"]);
    expect(replaces).to.deep.equal(["triggers"]);
    expect(Object.fromEntries(detailed)).to.deep.equal({
      overwrite: "delete",
      "triggers[0]": "updateReplace",
      "triggers[1]": "addReplace",
    });
  });

  it("shows what replaces where a path has two changes", () => {
    const { detailed } = detailedDiff([change("target", { replaces: true }), change("target")]);
    expect([...detailed]).to.deep.equal([["target", "updateReplace"]]);
    expect(detailedDiff([]).diffs).to.be.empty;
  });
});

describe("a URN", () => {
  it("says where a resource stands, below a component too, whatever its name contains", () => {
    const urn = "urn:pulumi:prod::shop::tests:index:Wrapper$consul-snapshot:index:ConsulSnapshot::a::b\nc";
    expect(ownerFromUrn(urn, "acme")).to.deep.equal({
      organization: "acme",
      project: "shop",
      stack: "prod",
      name: "a::b\nc",
    });
    expect(typeFromUrn(urn)).to.equal("consul-snapshot:index:ConsulSnapshot");
    const priced = "urn:pulumi:prod::shop::consul-snapshot:index:ConsulSnapshot::price$x::y";
    expect(ownerFromUrn(priced, "acme")?.name).to.equal("price$x::y");
    expect(typeFromUrn(priced)).to.equal("consul-snapshot:index:ConsulSnapshot");
    expect(ownerFromUrn("urn:pulumi:prod::shop", "acme")).to.equal(undefined);
    expect(typeFromUrn("urn:pulumi:prod::shop")).to.equal(undefined);
  });
});

describe("the provider's configuration", () => {
  it("takes every setting as SDKs write it, as text, and as YAML does", () => {
    expect(checkConfiguration({ address: "a:1", insecureHttps: "true", maxConcurrent: "8", version: "0.1.0" })).to.be
      .empty;
    expect(checkConfiguration({ insecureHttps: true, idleTimeout: 90, headers: [{ name: "a", value: "b" }] })).to.be
      .empty;
    expect(checkConfiguration({ headers: '[{"name":"a","value":"b"}]', address: UNKNOWN })).to.be.empty;
  });

  it("is refused by name, and no reason contains a value", () => {
    const problems = checkConfiguration({
      adress: "secret-value",
      maxConcurrent: "many",
      config: "east",
      token: ["secret"],
    });
    expect(problems).to.have.lengthOf(4);
    expect(problems[0]).to.include("consul-snapshot:adress is not a setting").and.include("address");
    expect(problems[1]).to.include("consul-snapshot:maxConcurrent must be a positive integer");
    expect(problems.join()).to.not.include("secret-value").and.not.include("many");
  });

  it("stores its secrets as secrets", () => {
    const { values, marks } = readWire(SETTINGS, { token: "t", address: "a", headers: "[]", keyPem: "k" });
    const wire = valuesToWire(values, marks);
    expect(Object.entries(wire).flatMap(([name, value]) => (typeof value === "object" ? [name] : []))).to.have.members([
      "token",
      "headers",
      "keyPem",
    ]);
  });

  it("is looked up by its own namespace, always as text", () => {
    const config = configLookup({ address: "a:1", insecureHttps: true, headers: [], token: UNKNOWN, config: "x" });
    expect(config("consul-snapshot:address")).to.equal("a:1");
    expect(config("consul-snapshot:insecureHttps")).to.equal("true");
    expect(config("consul-snapshot:headers")).to.equal("[]");
    for (const key of [
      "consul-snapshot:token",
      "consul-snapshot:config",
      "consul:address",
      "consul-snapshot:toString",
    ]) {
      expect(config(key), key).to.equal(undefined);
    }
    expect(SETTINGS).to.not.have.property("config");
  });
});

describe("a failure, as the engine receives it", () => {
  it("that has outputs sends them with their secrets marked, the reason, and what to do, once", () => {
    const cause = new SnapshotError("RESTORE_UNCONFIRMED", "the answer was cut off", "Run pulumi up again.");
    const token = toWire("a-token", true);
    const state = { id: "run 1", properties: { runId: "run 1", connection: { token } }, readBeforeUpdate: false };
    const { code, details, metadata } = toServiceError(new PartialFailure(cause, state));
    expect(code).to.equal(status.UNKNOWN);
    expect(details).to.include("the answer was cut off (RESTORE_UNCONFIRMED)").and.include("Run pulumi up again.");
    const [bytes, ...others] = metadata.get("grpc-status-details-bin");
    expect(others).to.be.empty;
    const [packed, ...more] = Status.deserializeBinary(bytes as Buffer).getDetailsList();
    expect(more).to.be.empty;
    const failed = packed?.unpack(
      (wire) => ErrorResourceInitFailed.deserializeBinary(wire),
      "pulumirpc.ErrorResourceInitFailed",
    );
    expect(failed?.getId()).to.equal("run 1");
    expect(failed?.getProperties()?.toJavaScript()).to.deep.equal(state.properties);
    expect(failed?.getReasonsList()).to.deep.equal([details]);
    expect(failed?.getRefreshBeforeUpdate()).to.equal(false);
  });

  it("that has none sends its sentence alone, without a stack", () => {
    const { details, metadata } = toServiceError(new SnapshotError("STORE_NOT_FOUND", "it is gone", "Look for it."));
    expect(metadata.getMap()).to.deep.equal({});
    expect(details)
      .to.include("it is gone (STORE_NOT_FOUND)")
      .and.not.match(/\n\s+at /);
  });
});
