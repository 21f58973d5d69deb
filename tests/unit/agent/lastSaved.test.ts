import { getEventListeners } from "node:events";
import { createServer } from "node:http";
import { expect } from "chai";
import { readConfig } from "../../../agent/config/config";
import { readFlags } from "../../../agent/config/flags";
import { readNewest } from "../../../agent/lastSaved";
import { OwnCluster } from "../../../agent/ownCluster";
import { SnapshotError } from "../../../provider/errors";
import { listenOnLoopback } from "../../support/faults/listening";
import { failureOf } from "../../support/stores/ground";

const EMPTY = '<?xml version="1.0"?><ListBucketResult><Name>bucket</Name><KeyCount>0</KeyCount></ListBucketResult>';

describe("the newest archives of a bucket, which an agent asks for again and again", () => {
  it("leave nothing with the signal of the process, which ends the reading", async () => {
    const server = await listenOnLoopback(
      createServer(({ method }, response) => {
        if (method === "HEAD") response.writeHead(404).end();
        else response.writeHead(200, { "content-type": "application/xml" }).end(EMPTY);
      }),
    );
    const config = {
      aws_storage: {
        s3_bucket: "bucket",
        s3_region: "eu-west-1",
        s3_endpoint: `http://${server.address}`,
        s3_force_path_style: true,
        access_key_id: "KEY12345",
        secret_access_key: "SECRET12345",
      },
    };
    const text = JSON.stringify({ snapshot_agent: config });
    const { destinations } = readConfig([{ file: "agent.json", text }], readFlags([]), { env: {} });
    const stop = new AbortController();
    const { signal } = stop;
    const read = () => readNewest(destinations[0]!, { cluster: new OwnCluster(), now: new Date(), signal });
    try {
      for (let time = 0; time < 3; time++) expect(await read()).to.deep.equal({});
      // The name in Node.js 20 to 24.
      const symbol = Object.getOwnPropertySymbols(signal).find(
        ({ description }) => description === "kDependantSignals",
      );
      const made = symbol && (Reflect.get(signal, symbol) as { readonly size: number } | undefined);
      expect(made?.size ?? 0).to.equal(0);
      expect(getEventListeners(signal, "abort")).to.deep.equal([]);
      stop.abort(new SnapshotError("INTERRUPTED", "the process ends", ""));
      expect((await failureOf(read())).code).to.equal("INTERRUPTED");
    } finally {
      await server.stop();
    }
  });
});
