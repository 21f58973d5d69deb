import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { isCode } from "../../../provider/errors";
import { fileStore } from "../../../provider/store/file/store";
import { openStore } from "../../../provider/store/backends";
import { parseLocation } from "../../../provider/store/location";
import type { Attempt } from "../../../provider/restore/attempt";
import { Receipts } from "../../../provider/restore/receipts";

const HOLDING = { snapshotId: "2-10-1", index: 10, records: {} };
const ATTEMPT: Attempt = {
  runId: "once",
  series: "organization/project/stack/name",
  source: "s3://bucket/a.snap",
  sha256: "0".repeat(64),
  archiveSize: 1,
  begunAt: "2026-11-24T00:00:00.000Z",
  datacenter: "dc1",
  serverIds: ["one"],
  archive: HOLDING,
  before: HOLDING,
};

describe("a claim on an S3 server that does not know the condition", () => {
  const before_ = { ...process.env };
  /** What lies at the receipt's name, with the writer's mark. */
  let object: { readonly bytes: Buffer; readonly mark: string } | undefined;
  let onRead: () => void;
  let deleted = 0;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      if (request.method === "PUT" && request.headers["if-none-match"] !== undefined) {
        response.writeHead(501).end("<Error><Code>NotImplemented</Code></Error>");
        return;
      }
      if (request.method === "PUT") {
        const mark = String(request.headers["x-amz-meta-consulsnapshotupload"]);
        object = { bytes: Buffer.concat(parts), mark };
        response.writeHead(200, { ETag: `"${mark}"` }).end();
        return;
      }
      if (request.method === "DELETE") deleted++;
      if (request.url?.includes("list-type") === true) {
        response.end("<ListBucketResult></ListBucketResult>");
        return;
      }
      if (request.method === "GET") onRead();
      if (object === undefined) {
        response.writeHead(404).end();
        return;
      }
      const { bytes, mark } = object;
      const headers = { ETag: `"${mark}"`, "Content-Length": bytes.length, "x-amz-meta-consulsnapshotupload": mark };
      response.writeHead(200, headers).end(request.method === "HEAD" ? undefined : bytes);
    });
  });

  before(async () => {
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: "key",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      AWS_CONFIG_FILE: "/dev/null",
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  });
  beforeEach(() => {
    object = undefined;
    onRead = () => undefined;
    deleted = 0;
  });
  after(() => {
    for (const name of Object.keys(process.env)) if (!(name in before_)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, before_);
    server.closeAllConnections();
    server.close();
  });

  async function claim() {
    const { port } = server.address() as AddressInfo;
    const settings = `region=eu-west-1&endpoint=http://127.0.0.1:${port}&s3ForcePathStyle=true`;
    const source = parseLocation(`s3://bucket/a.snap?${settings}`);
    const store = await openStore(source);
    const receipts = await Receipts.open({ safetySnapshot: false, source }, () => Promise.resolve(store));
    try {
      return await receipts.claim(ATTEMPT, (error) => {
        throw error;
      });
    } finally {
      store.close();
    }
  }

  it("is this run's when its receipt is still there", async () => {
    const claimed = await claim();
    expect(claimed).to.have.property("attempt").that.has.property("receipt");
  });

  it("is lost when another run has written over the receipt, which is left there", async () => {
    onRead = () => {
      const { claim: mine, ...receipt } = JSON.parse(String(object?.bytes)) as Record<string, unknown>;
      expect(mine).to.be.a("string");
      object = { bytes: Buffer.from(JSON.stringify({ ...receipt, claim: "another" })), mark: "another" };
    };
    expect(await claim())
      .to.have.property("taken")
      .that.includes("s3://bucket/consul-restore-");
    expect(deleted).to.equal(0);
  });
});

describe("the look for receipts", () => {
  it("ends at once when it is interrupted, also at a store that does not answer", async () => {
    const interrupted = new AbortController();
    const source = parseLocation("./archives/a.snap");
    const silent = {
      ...fileStore(),
      async *list() {
        interrupted.abort();
        yield await new Promise<never>(() => undefined);
      },
    };
    const receipts = await Receipts.open({ safetySnapshot: false, source }, () => Promise.resolve(silent));
    const unable = (error: unknown): never => {
      throw error;
    };
    const failure: unknown = await receipts.find("once", unable, interrupted.signal).catch((error: unknown) => error);
    expect(isCode(failure, "INTERRUPTED")).to.equal(true);
  });
});
