import { expect } from "chai";
import { SnapshotError } from "../../../../provider/errors";
import { Host } from "../../../../provider/hosts/plugin/host";
import { toWire, type WireObject } from "../../../../provider/hosts/values";
import { cleanText } from "../../../../provider/text";

const URN = "urn:pulumi:dev::shop::consul-snapshot:index:ConsulSnapshot::found";
const NOWHERE = "/no/such/folder/a.snap.age";

const host = new Host(() => Promise.resolve());

/** The error of a lookup with this state. */
async function lookUp(state: WireObject): Promise<SnapshotError> {
  const error: unknown = await host.read(NOWHERE, URN, state, state, 0).then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (!(error instanceof SnapshotError)) throw error;
  return error;
}

describe("a secret that a program sends to look an archive up", () => {
  it("is refused where state would store it in plain text, and is shown nowhere", async () => {
    const [one, other] = ["AGE-SECRET-KEY-1PLAIN-ONE", "AGE-SECRET-KEY-1PLAIN-TWO"];
    const error = await lookUp({ decryption: { identities: [toWire(one, true), other] } });
    expect(error.code).to.equal("ARGUMENT_INVALID");
    expect(error.message).to.equal("decryption.identities would be stored in state in plain text");
    expect(error.hint).to.include("as secrets").and.include("identityFiles");
    expect([cleanText(one), cleanText(other)]).to.deep.equal(["…", "…"]);
  });

  it("is refused in the resource's own arguments, too", async () => {
    const error = await lookUp({ connection: { address: "a:8500", httpAuth: "name:password-of-it" } });
    expect(error.message).to.equal("connection.httpAuth would be stored in state in plain text");
    expect(error.hint).to.include("fn::secret").and.not.include("identit");
  });

  it("is used where it is marked, alone or within what is marked; a file needs no mark", async () => {
    // Only then is the archive looked for.
    const identities = ["AGE-SECRET-KEY-1MARKED"];
    for (const decryption of [
      { identities: identities.map((each) => toWire(each, true)) },
      { identities: toWire(identities, true) },
      toWire({ identities }, true),
      { identityFiles: ["/key.txt"] },
    ]) {
      expect((await lookUp({ decryption })).code).to.equal("STORE_NOT_FOUND");
    }
  });

  it("is not looked for in what state holds: a refresh goes on", async () => {
    const recorded = { sha256: "f00d", storedVersion: "1", target: "/no/such/folder/" };
    const inputs = { decryption: { identities: ["AGE-SECRET-KEY-1STORED"] } };
    expect(await host.read(NOWHERE, URN, recorded, inputs, 0)).to.deep.include({ id: NOWHERE });
  });
});
