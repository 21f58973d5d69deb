import { expect } from "chai";
import { isCode } from "../../../../provider/errors";
import { Host } from "../../../../provider/hosts/plugin/host";
import { timeLimitSignal } from "../../../../provider/hosts/plugin/timeLimit";

const HOUR = 3600;

describe("customTimeouts", () => {
  const limit = (seconds: number) => timeLimitSignal({ operation: "create", seconds });

  it("limit a call, and may be longer than a timer of Node, which would end it at once", () => {
    expect(limit(0.1)?.aborted).to.equal(false);
    expect(limit(500 * HOUR)?.aborted).to.equal(false);
    // Two kinds of too long: Node reads the first as 1 ms, and throws for the second.
    for (const seconds of [0, 600 * HOUR, 1200 * HOUR]) expect(limit(seconds), `${seconds} s`).to.equal(undefined);
  });

  it("of any length let the work end by itself", async () => {
    const urn = "urn:pulumi:dev::shop::consul-snapshot:index:ConsulSnapshot::found";
    const failure: unknown = await new Host(() => Promise.resolve())
      .read("/no/such/folder/a.snap", urn, {}, {}, 1200 * HOUR)
      .catch((error: unknown) => error);
    expect(isCode(failure, "STORE_NOT_FOUND"), String(failure)).to.equal(true);
  });
});
