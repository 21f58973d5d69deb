import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { NO_DECRYPTION } from "../../../provider/age/identities";
import { resolveConnection } from "../../../provider/consul/connection";
import { withSession } from "../../../provider/restore/session";
import { parseLocation } from "../../../provider/store/location";

describe("the session of a restore", () => {
  it("ends all work that still uses it before it is closed", async () => {
    const request = {
      runId: "r",
      decryption: NO_DECRYPTION,
      allow: [],
      owner: { organization: "o", project: "p", stack: "s", name: "n" },
      source: parseLocation(join(tmpdir(), "absent.snap")),
      safetySnapshot: false,
      // Nothing is asked there.
      connection: resolveConnection({ address: "127.0.0.1:1" }, { config: () => undefined, env: {} }),
    } as const;
    const none = (): void => undefined;
    const reporter = { signal: new AbortController().signal, status: none, info: none, warn: none };
    const stopped: string[] = [];
    await withSession(request, reporter, {}, (session) => {
      for (const work of ["first", "second"]) {
        session.stopAtClose(() => {
          stopped.push(work);
          return Promise.resolve();
        });
      }
      return Promise.resolve();
    });
    expect(stopped).to.deep.equal(["first", "second"]);
  });
});
