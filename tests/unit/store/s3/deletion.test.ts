import { createServer } from "node:http";
import { expect } from "chai";
import { openStore } from "../../../../provider/store/backends";
import { parseLocation } from "../../../../provider/store/location";
import { listenOnLoopback } from "../../../support/faults/listening";
import { failureOf } from "../../../support/stores/ground";

describe("an S3 server that answers 501 to every DELETE, with and without a condition", () => {
  it("is told by its code, and not in the server's own words", async () => {
    const server = await listenOnLoopback(
      createServer((request, response) => {
        if (request.method === "HEAD") response.writeHead(200, { etag: '"abc"', "content-length": 3 }).end();
        else {
          response.writeHead(501, { "content-type": "application/xml" });
          response.end("<Error><Code>NotImplemented</Code><Message>told at length</Message></Error>");
        }
      }),
    );
    const aws = { accessKeyId: "KEY12345", secretAccessKey: "SECRET12345" };
    const target = `s3://bucket/x?region=eu-west-1&endpoint=http://${server.address}&s3ForcePathStyle=true`;
    const store = await openStore(parseLocation(target), { credentials: { aws } });
    try {
      const error = await failureOf(store.delete("x", { version: '"abc"' }));
      expect(error).to.include({ name: "SnapshotError", code: "STORE_UNREACHABLE" });
      expect(error.message).to.include("(501 NotImplemented)").and.not.include("told at length");
    } finally {
      store.close();
      await server.stop();
    }
  });
});
