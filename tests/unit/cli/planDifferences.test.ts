import { PassThrough } from "node:stream";
import { expect } from "chai";
import { printPlanDifferences } from "../../../cli/restore/planDifferences";
import { Output } from "../../../cli/terminal/output";
import { progressOn } from "../../../cli/terminal/progress";
import type { ClusterIdentity } from "../../../provider/consul/clusterIdentity";
import type { Session } from "../../../provider/restore/session";
import { archiveOf } from "../../fixtures/archive";
import { keyValue, stateOf } from "../../fixtures/state";
import { failureOf } from "../../support/programs/saving";

const SERVER = "75c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d11";

// eslint-disable-next-line @typescript-eslint/require-await -- an answer's bytes are an async iterable
async function* archive(): AsyncGenerator<Buffer> {
  yield archiveOf(stateOf([keyValue("app/a", "1")]));
}

async function print(identity: ClusterIdentity): Promise<string> {
  const out = new PassThrough();
  const session = {
    client: { snapshot: () => Promise.resolve({ body: archive() }) },
    source: () => Promise.resolve({ location: "a.snap", bytes: archive }),
  } as unknown as Session;
  const progress = progressOn(new Output(new PassThrough()), new AbortController().signal);
  await printPlanDifferences(session, { address: "http://consul", identity }, undefined, new Output(out), progress);
  return String(out.read());
}

describe("the differences of a plan", () => {
  it("are those of the cluster that the plan is about", async () => {
    for (const serverIds of [[SERVER], []]) {
      expect(await print({ serverIds, serverAddresses: ["127.0.0.1:8300"] })).to.include("They are the same.");
    }
    const error = await failureOf(print({ serverIds: ["another"], serverAddresses: ["127.0.0.2:8300"] }));
    expect(error.code).to.equal("RESTORE_REFUSED");
    expect(error.message).to.match(/another cluster answers at http:\/\/consul .*\(guard cluster\)$/);
  });
});
