import { expect } from "chai";
import { promptCredentials } from "../../../provider/store/promptCredentials";
import { failureOf } from "../../support/stores/ground";

describe("credentials that a library looks for", () => {
  it("are waited for only so long: that is the reason, and not the store", async () => {
    const error = await failureOf(promptCredentials(() => new Promise(() => undefined), 10));
    expect(error).to.include({ name: "SnapshotError", code: "STORE_STALLED" });
    expect(error.message).to.equal("no credentials for the store were found within 0.01 s");
    expect(error.hint).to.include("credential_process");
  });

  it("are those that it finds, or its own error", async () => {
    expect(await promptCredentials(() => Promise.resolve("key"))).to.equal("key");
    const failure = new Error("of the library");
    expect(await promptCredentials(() => Promise.reject(failure)).catch((error: unknown) => error)).to.equal(failure);
  });
});
