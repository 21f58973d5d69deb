import { expect } from "chai";
import { plannedCommand } from "../../../cli/restore/commandLine";

const identity = { serverIds: ["odd id\u001b[2K", "75c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d11"], serverAddresses: [] };

describe("the command that restores as planned", () => {
  it("names a server of the cluster, and a place for what is still to be decided", () => {
    expect(plannedCommand("a b.snap", { plan: true, diff: true, allow: ["otherCluster"] }, { identity })).to.equal(
      "consul-snapshot restore 'a b.snap' --safety-snapshot TARGET --allow otherCluster " +
        "--cluster 75c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d11",
    );
  });

  it("keeps the cluster that the plan asked for", () => {
    expect(plannedCommand("a.snap", { safetySnapshot: "none", cluster: "10.0.0.1:8300" }, { identity })).to.equal(
      "consul-snapshot restore a.snap --safety-snapshot none --cluster 10.0.0.1:8300",
    );
  });

  it("is not there where no server is known by an id", () => {
    const unknown = { identity: { serverIds: [], serverAddresses: ["10.0.0.1:8300"] } };
    expect(plannedCommand("a.snap", {}, unknown)).to.equal(undefined);
  });
});
