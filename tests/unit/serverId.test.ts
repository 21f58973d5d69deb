import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { isHashedId, isServerId, safeServerId, shareServer } from "../../provider/serverId";
import { registerSecret } from "../../provider/text";

describe("the id of a server", () => {
  it("is itself where it is an id", () => {
    for (const id of [randomUUID(), "10.0.0.1:8300", "[fe80::1%eth0]:8300", "server-1.dc1", ""]) {
      expect(safeServerId(id)).to.equal(id);
    }
  });

  it("is a hash where it is something else, so that different ids stay different", () => {
    const others = ["a\u0001", "a\u0002", "a\u001b[31m", "a b", "a\nb", "x".repeat(300), "x".repeat(301), "…"];
    const safe = others.map(safeServerId);
    expect(new Set(safe).size).to.equal(others.length);
    expect(safe.every((id) => isHashedId(id) && isServerId(id))).to.be.true;
    expect(safe.map(safeServerId), "of a hash").to.deep.equal(safe);
  });

  it("is a hash where it contains a secret of this process, and is found by processes to which it is none", () => {
    const [one, other] = [randomUUID(), randomUUID()];
    const recorded = safeServerId(one);
    registerSecret(one);
    registerSecret(other);
    const [hashed, otherHashed] = [safeServerId(one), safeServerId(other)];
    expect(hashed).not.to.include(one.slice(0, 8));
    expect(hashed).not.to.equal(otherHashed);
    expect(shareServer([hashed, "a"], [recorded, "b"])).to.be.true;
    expect(shareServer([recorded, "a"], [hashed, "b"])).to.be.true;
    expect(shareServer([hashed, "a"], [otherHashed, other])).to.be.false;
  });
});
