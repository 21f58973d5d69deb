import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { parseLocation } from "../../provider/store/location";
import { openStore } from "../../provider/store/backends";
import type { Store } from "../../provider/store/store";
import { bytesOf, failureOf, listed, PART, stream } from "../support/stores/ground";

const ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: "KEY12345",
  AWS_SECRET_ACCESS_KEY: "SECRET12345",
  AWS_CONFIG_FILE: "/dev/null",
  AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  AWS_EC2_METADATA_DISABLED: "true",
  AZURE_STORAGE_ACCOUNT: "account",
  AZURE_STORAGE_KEY: Buffer.alloc(64).toString("base64"),
};

type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

const S3_EMPTY = `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>`;

function s3Error(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "content-type": "application/xml" });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>told at length</Message></Error>`);
}

/** What no test server can be made to answer; each answer is one that servers of that protocol give. */
describe("a server that answers what no test server can be made to", function () {
  this.timeout(60_000);
  const before_ = { ...process.env };
  let answer: Answer;
  let requests: string[];
  let port: number;
  const stores: Store[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => answer(request, response, Buffer.concat(parts)));
  });

  before(async () => {
    Object.assign(process.env, ENVIRONMENT);
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    port = (server.address() as AddressInfo).port;
  });
  beforeEach(() => (requests = []));
  after(() => {
    for (const name of Object.keys(ENVIRONMENT)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, before_);
    for (const store of stores) store.close();
    server.closeAllConnections();
    server.close();
  });

  async function client(scheme: "s3" | "gs" | "azblob", settings = ""): Promise<Store> {
    const address = {
      s3: `region=eu-west-1&endpoint=http://127.0.0.1:${port}&s3ForcePathStyle=true`,
      gs: `endpoint=http://127.0.0.1:${port}`,
      azblob: `domain=127.0.0.1:${port}&protocol=http`,
    };
    const store = await openStore(parseLocation(`${scheme}://bucket/x?${address[scheme]}${settings}`), {
      stallMs: 5000,
    });
    stores.push(store);
    return store;
  }

  /** An S3 server that keeps one object in memory; `write` decides over the requests that make it visible. */
  function oneObject(write: (request: IncomingMessage, make: () => void) => "made" | [number, string]): Answer {
    let object: { size: number; mark: string } | undefined;
    let mark = "";
    let received = 0;
    return (request, response, body) => {
      const url = request.url ?? "";
      mark = String(request.headers["x-amz-meta-consulsnapshotupload"] ?? mark);
      if (request.method === "HEAD" && object !== undefined) {
        const headers = { etag: '"e"', "content-length": object.size, "x-amz-meta-consulsnapshotupload": object.mark };
        response.writeHead(200, headers).end();
      } else if (request.method === "HEAD") response.writeHead(404).end();
      else if (request.method === "GET") response.end(S3_EMPTY);
      else if (request.method === "DELETE") {
        if (!url.includes("uploadId")) object = undefined;
        response.writeHead(204).end();
      } else if (request.method === "POST" && url.includes("uploads")) {
        received = 0;
        response.end(`<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>`);
      } else if (url.includes("partNumber")) {
        received += body.length;
        response.writeHead(200, { etag: '"p"' }).end();
      } else {
        if (request.method === "PUT") received = body.length;
        const outcome = write(request, () => (object = { size: received, mark }));
        if (outcome !== "made") s3Error(response, ...outcome);
        else response.end(`<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>`);
      }
    };
  }

  describe("S3", () => {
    for (const etag of ["abc", 'W/"abc"', '"abc"']) {
      it(`lists the ETag ${etag} of an object that HEAD gives as "abc": it is one version, and can be deleted`, async () => {
        answer = (request, response) => {
          if (request.method === "HEAD") response.writeHead(200, { etag: '"abc"', "content-length": 3 }).end();
          else if (request.method === "DELETE") response.writeHead(204).end();
          else {
            response.end(
              `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>x</Key><Size>3</Size><ETag>${etag.replaceAll('"', "&quot;")}</ETag><LastModified>2026-11-26T00:00:00Z</LastModified></Contents></ListBucketResult>`,
            );
          }
        };
        const store = await client("s3");
        const [object] = await listed(store.list(""));
        expect(object?.version).to.equal((await store.head("x"))?.version);
        await store.delete("x", { version: object!.version, unlessLocked: true });
        expect(requests.at(-1)).to.match(/^DELETE /);
      });
    }

    /** `If-Match` in DELETE fails, whatever the object's ETag is. */
    function refuseCondition(etagAfterwards: string): void {
      let etag = '"abc"';
      answer = (request, response) => {
        if (request.method === "HEAD") response.writeHead(200, { etag, "content-length": 3 }).end();
        else {
          etag = etagAfterwards;
          s3Error(response, 412, "PreconditionFailed");
        }
      };
    }

    it("answers 412 to If-Match, though the object is unchanged: it stays, and the reason is the server", async () => {
      refuseCondition('"abc"');
      const error = await failureOf((await client("s3")).delete("x", { version: '"abc"' }));
      expect(error.code).to.equal("STORE_DENIED");
      expect(error.message).to.match(/unchanged, but its server answers 412 to the condition If-Match/);
      expect(error.hint).to.match(/lifecycle rule/);
      expect(requests.filter((line) => line.startsWith("DELETE"))).to.have.lengthOf(1);
    });

    it("answers 412 to If-Match, because the object has changed: that is the reason", async () => {
      refuseCondition('"def"');
      const error = await failureOf((await client("s3")).delete("x", { version: '"abc"' }));
      expect(error.code).to.equal("STORE_CHANGED");
    });

    const full: readonly (readonly [number, string])[] = [
      [403, "QuotaExceeded"],
      [507, "XMinioStorageFull"],
      [400, "XMinioAdminBucketQuotaExceeded"],
    ];
    for (const [status, code] of full) {
      for (const size of [10, 2 * PART]) {
        it(`says that it is full with ${status} ${code} to ${size} bytes`, async () => {
          answer = (request, response) => {
            if (request.method === "HEAD") response.writeHead(404).end();
            else if (request.method === "GET") response.end(S3_EMPTY);
            else if (request.method === "DELETE") response.writeHead(204).end();
            else if (request.method === "POST") response.end("<R><UploadId>u</UploadId></R>");
            else s3Error(response, status, code);
          };
          const error = await failureOf((await client("s3")).put("x", stream(bytesOf(size))));
          expect(error.code).to.equal("STORE_FULL");
          expect(error.message).to.include(code).and.not.include("at length");
          const aborted = requests.filter((line) => line.startsWith("DELETE") && line.includes("uploadId=u"));
          expect(aborted).to.have.lengthOf(size > PART ? 1 : 0);
        });
      }
    }

    for (const size of [10, PART + 1]) {
      it(`does not know the condition (501): ${size} bytes are written after a second look`, async () => {
        answer = oneObject((request, make) => {
          if (request.headers["if-none-match"] !== undefined) return [501, "NotImplemented"];
          make();
          return "made";
        });
        const store = await client("s3");
        expect((await store.put("x", stream(bytesOf(size)))).size).to.equal(size);
        const looks = requests.filter((line) => line.startsWith("HEAD"));
        expect(looks).to.have.lengthOf(3);
        expect((await failureOf(store.put("x", stream(bytesOf(size))))).code).to.equal("STORE_EXISTS");
      });
    }

    for (const size of [10, PART + 1]) {
      it(`answers 500 though ${size} bytes were written: the object is found to be its own`, async () => {
        let answered = 0;
        answer = oneObject((_request, make) => {
          if (answered++ === 0) {
            make();
            return [500, "InternalError"];
          }
          return [412, "PreconditionFailed"];
        });
        expect((await (await client("s3")).put("x", stream(bytesOf(size)))).size).to.equal(size);
        expect(answered).to.be.above(1);
      });
    }

    it("has another size than was sent: the object is removed", async () => {
      answer = oneObject((_request, make) => {
        make();
        return "made";
      });
      const honest = answer;
      answer = (request, response, body) => honest(request, response, body.subarray(0, 5));
      const error = await failureOf((await client("s3")).put("x", stream(bytesOf(10))));
      expect(error.code).to.equal("STORE_CHANGED");
      expect(error.message).to.include("has 5 bytes, but 10 were sent");
      expect(requests.at(-1)).to.match(/^DELETE \/bucket\/x/);
    });

    describe("refuses checksums that AWS introduced in 2024, as Backblaze B2 (400) and others (501)", () => {
      const IS_NEW = /^x-amz-(checksum-|sdk-checksum)/;
      let bodies: { readonly headers: IncomingMessage["headers"]; readonly body: Buffer }[];
      const refuse = (status: number, code: string): void => {
        bodies = [];
        const honest = oneObject((_request, make) => (make(), "made"));
        answer = (request, response, body) => {
          if (request.method === "PUT") bodies.push({ headers: request.headers, body });
          if (Object.keys(request.headers).some((name) => IS_NEW.test(name))) s3Error(response, status, code);
          else honest(request, response, body);
        };
      };
      const refusals: readonly (readonly [number, string])[] = [
        [400, "InvalidArgument"],
        [501, "NotImplemented"],
      ];
      for (const [status, code] of refusals) {
        for (const size of [10, PART + 10]) {
          it(`gets ${size} bytes with hashes that it knows instead of ${status} ${code}`, async () => {
            refuse(status, code);
            expect((await (await client("s3")).put("x", stream(bytesOf(size)))).size).to.equal(size);
            expect(bodies.length).to.equal(size > PART ? 2 : 1);
            for (const { headers, body } of bodies) {
              expect(headers["content-md5"]).to.equal(createHash("md5").update(body).digest("base64"));
              expect(headers["x-amz-content-sha256"]).to.equal(createHash("sha256").update(body).digest("hex"));
            }
          });
        }
      }

      it("also where its address comes from the environment, which needs no region then", async () => {
        refuse(400, "InvalidArgument");
        process.env.AWS_ENDPOINT_URL_S3 = `http://127.0.0.1:${port}`;
        try {
          const store = await openStore(parseLocation("s3://bucket/x?s3ForcePathStyle=true"), { stallMs: 5000 });
          stores.push(store);
          expect((await store.put("x", stream(bytesOf(10)))).size).to.equal(10);
        } finally {
          delete process.env.AWS_ENDPOINT_URL_S3;
        }
        expect(bodies).to.have.lengthOf(1);
      });

      it("gets them where the target or the environment wants them", async () => {
        refuse(400, "InvalidArgument");
        await failureOf(
          (await client("s3", "&request_checksum_calculation=when_supported")).put("x", stream(bytesOf(10))),
        );
        process.env.AWS_REQUEST_CHECKSUM_CALCULATION = "when_supported";
        try {
          await failureOf((await client("s3")).put("x", stream(bytesOf(10))));
        } finally {
          delete process.env.AWS_REQUEST_CHECKSUM_CALCULATION;
        }
        expect(bodies).to.have.lengthOf(2);
        for (const { headers } of bodies) expect(headers).to.have.property("x-amz-checksum-crc32");
      });
    });

    it("sends encryption and storage class as the target says", async () => {
      let headers: IncomingMessage["headers"] = {};
      answer = oneObject((request, make) => {
        headers = request.headers;
        make();
        return "made";
      });
      const store = await client("s3", "&sse=aws:kms&kmsKeyId=key-1&storageClass=STANDARD_IA");
      await store.put("x", stream(bytesOf(10)));
      expect(headers).to.include({
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": "key-1",
        "x-amz-storage-class": "STANDARD_IA",
      });
    });

    it("is asked without credentials, and needs none, when the target says anonymous", async () => {
      const asked: IncomingMessage["headers"][] = [];
      const honest = oneObject((_request, make) => (make(), "made"));
      answer = (request, ...rest) => {
        asked.push(request.headers);
        honest(request, ...rest);
      };
      const found = { ...process.env };
      for (const name of Object.keys(found)) if (/^AWS_.*KEY/.test(name)) Reflect.deleteProperty(process.env, name);
      try {
        const store = await client("s3", "&anonymous=true");
        await listed(store.list("x"));
        await store.put("x", stream(bytesOf(10)));
      } finally {
        Object.assign(process.env, found);
      }
      expect(requests.map((line) => line.split(" ", 1)[0])).to.include.members(["GET", "HEAD", "PUT"]);
      for (const headers of asked) expect(headers).to.not.have.any.keys("authorization", "x-amz-security-token");
    });
  });

  for (const method of ["POST", "PUT"]) {
    it(`says that it is full, in Google's way, to the ${method}`, async () => {
      answer = (request, response) => {
        response.setHeader("content-type", "application/json");
        if (request.method === method) {
          const errors = [{ message: "told at length", domain: "usageLimits", reason: "quotaExceeded" }];
          response.writeHead(403).end(JSON.stringify({ error: { code: 403, message: "told at length", errors } }));
        } else if (request.method === "POST") {
          response.setHeader("location", `http://127.0.0.1:${port}/session`).end("{}");
        } else if (request.url?.includes("prefix=") === true) response.end(`{"items":[]}`);
        else response.writeHead(404).end("{}");
      };
      const error = await failureOf((await client("gs")).put("x", stream(bytesOf(10))));
      expect(error.code).to.equal("STORE_FULL");
      expect(error.message).to.include("(403 quotaExceeded)").and.not.include("at length");
    });
  }

  it("says that it is full, in Azure's way", async () => {
    answer = (request, response) => {
      const absent = request.method === "HEAD";
      response.writeHead(absent ? 404 : 507, { "x-ms-error-code": absent ? "BlobNotFound" : "InsufficientStorage" });
      response.end();
    };
    const error = await failureOf((await client("azblob")).put("x", stream(bytesOf(10))));
    expect(error.code).to.equal("STORE_FULL");
  });

  it("is told an encryption scope and a tier, in Azure's way", async () => {
    const told: IncomingMessage["headers"][] = [];
    let made: IncomingMessage["headers"] | undefined;
    answer = (request, response) => {
      if (request.method === "PUT") told.push(request.headers);
      if (request.url?.includes("comp=blocklist") === true) made = request.headers;
      if (request.method === "PUT") response.writeHead(201).end();
      else if (made === undefined) response.writeHead(404, { "x-ms-error-code": "BlobNotFound" }).end();
      else {
        const mark = { "x-ms-meta-consulsnapshotupload": made["x-ms-meta-consulsnapshotupload"] };
        response.writeHead(200, { etag: '"e"', "content-length": 10, ...mark }).end();
      }
    };
    const store = await client("azblob", "&encryptionScope=scope-1&storageClass=cool");
    expect((await store.put("x", stream(bytesOf(10)))).size).to.equal(10);
    expect(told.map((headers) => headers["x-ms-encryption-scope"])).to.deep.equal(["scope-1", "scope-1"]);
    expect(made?.["x-ms-access-tier"]).to.equal("Cool");
    expect(made?.["if-none-match"]).to.equal("*");
  });

  it("is told a key and a storage class, in Google's way", async () => {
    let begun: { url: string; metadata: unknown } | undefined;
    answer = (request, response, body) => {
      const url = request.url ?? "";
      response.setHeader("content-type", "application/json");
      if (request.method === "POST") {
        begun = { url, metadata: JSON.parse(body.toString()) };
        response.setHeader("location", `http://127.0.0.1:${port}/session`).end("{}");
      } else if (request.method === "PUT") response.end("{}");
      else if (url.includes("prefix=")) response.end(`{"items":[]}`);
      else if (begun === undefined) response.writeHead(404).end("{}");
      else response.end(JSON.stringify({ ...(begun.metadata as object), size: "10", generation: "1" }));
    };
    const store = await client("gs", "&kmsKeyId=projects/p/key&storageClass=NEARLINE");
    expect((await store.put("x", stream(bytesOf(10)))).size).to.equal(10);
    expect(new URL(begun!.url, "http://x").searchParams.get("kmsKeyName")).to.equal("projects/p/key");
    expect(new URL(begun!.url, "http://x").searchParams.get("ifGenerationMatch")).to.equal("0");
    expect(begun!.metadata).to.include({ storageClass: "NEARLINE" });
  });

  it("has another content than was sent, in Google's way: the object is removed", async () => {
    let metadata: object | undefined;
    answer = (request, response, body) => {
      const url = request.url ?? "";
      response.setHeader("content-type", "application/json");
      if (request.method === "POST") {
        metadata = JSON.parse(body.toString()) as object;
        response.setHeader("location", `http://127.0.0.1:${port}/session`).end("{}");
      } else if (request.method === "PUT") response.end(`{"md5Hash": "AAAAAAAAAAAAAAAAAAAAAA=="}`);
      else if (request.method === "DELETE") response.writeHead(204).end();
      else if (url.includes("prefix=")) response.end(`{"items":[]}`);
      else if (metadata === undefined) response.writeHead(404).end("{}");
      else response.end(JSON.stringify({ ...metadata, size: "10", generation: "7" }));
    };
    const error = await failureOf((await client("gs")).put("x", stream(bytesOf(10))));
    expect(error.code).to.equal("STORE_CHANGED");
    expect(requests.filter((line) => line.startsWith("DELETE"))).to.deep.equal([
      "DELETE /storage/v1/b/bucket/o/x?ifGenerationMatch=7",
    ]);
  });

  it("has only a part of a chunk, in Google's way: the rest is sent again", async () => {
    const bytes = bytesOf(2 * PART);
    let got = Buffer.alloc(0);
    let cut = false;
    let metadata: object | undefined;
    answer = (request, response, body) => {
      const url = request.url ?? "";
      response.setHeader("content-type", "application/json");
      if (request.method === "POST") {
        metadata = JSON.parse(body.toString()) as object;
        response.setHeader("location", `http://127.0.0.1:${port}/session`).end("{}");
      } else if (request.method === "PUT") {
        const range = /bytes (\d+)-\d+\/(\d+|\*)/.exec(String(request.headers["content-range"]));
        if (range !== null) expect(Number(range[1])).to.equal(got.length);
        const kept: Buffer = cut ? body : body.subarray(0, 1024 * 1024);
        got = Buffer.concat([got, kept]);
        if (!cut) {
          cut = true;
          request.socket.destroy();
        } else if (range?.[2] === String(got.length)) response.end("{}");
        else response.writeHead(308, { range: `bytes=0-${got.length - 1}` }).end();
      } else if (url.includes("prefix=")) response.end(`{"items":[]}`);
      else if (metadata === undefined) response.writeHead(404).end("{}");
      else response.end(JSON.stringify({ ...metadata, size: String(got.length), generation: "7" }));
    };
    expect((await (await client("gs")).put("x", stream(bytes))).size).to.equal(bytes.length);
    expect(got.equals(bytes)).to.equal(true);
  });
});
