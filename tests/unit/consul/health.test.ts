import { expect } from "chai";
import { readHealth } from "../../../provider/consul/health";

const versionOf = (Version: unknown): string | undefined =>
  readHealth({ Healthy: true, Servers: [{ ID: "a", Version }] })?.servers[0]?.version;

describe("the health of servers", () => {
  it("has the version of each where it is one", () => {
    expect(versionOf("1.14.11")).to.equal("1.14.11");
    for (const other of ["1.14.11, and every guard was checked by hand", "1.14.11\n", undefined, 1.14]) {
      expect(versionOf(other), String(other)).to.equal("");
    }
  });

  it("is unknown where autopilot has no servers yet", () => {
    expect(readHealth({ Healthy: false, Servers: [] })).to.equal(undefined);
    expect(readHealth("rpc error")).to.equal(undefined);
  });

  it("is unknown where a server has no id, and never the word undefined", () => {
    for (const server of [null, 7, {}, { ID: 7 }, { ID: "" }, { ID: "\u001b\n" }]) {
      expect(readHealth({ Healthy: true, Servers: [{ ID: "a" }, server] }), JSON.stringify(server)).to.equal(undefined);
    }
    const [server] = readHealth({ Healthy: true, Servers: [{ ID: "a", Name: null, Address: 7 }] })?.servers ?? [];
    expect(server).to.include({ id: "a", name: "a", address: "" });
  });
});
