import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { expect } from "chai";
import { openStore } from "../../../provider/store/backends";
import { parseLocation } from "../../../provider/store/location";
import type { Store } from "../../../provider/store/store";
import { type Listening, listenOnLoopback } from "../../support/faults/listening";
import { failureOf } from "../../support/stores/ground";

const ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: "KEY12345",
  AWS_SECRET_ACCESS_KEY: "SECRET12345",
  AWS_CONFIG_FILE: "/dev/null",
  AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  AZURE_STORAGE_ACCOUNT: "account",
  AZURE_STORAGE_KEY: Buffer.alloc(64).toString("base64"),
};
const STALL_MS = 600;
const BETWEEN_BYTES_MS = 20;

const TARGETS: readonly (readonly [string, (address: string) => string])[] = [
  ["S3", (address) => `s3://bucket/x?region=eu-west-1&endpoint=http://${address}&s3ForcePathStyle=true`],
  ["Google", (address) => `gs://bucket/x?endpoint=http://${address}`],
  ["Azure", (address) => `azblob://container/x?domain=${address}&protocol=http`],
];

/** Such a server is never silent, so that limits on silence do not end a request. */
describe("a store whose server sends byte after byte and never ends", () => {
  const environment = { ...process.env };
  let server: Listening;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  before(async () => {
    Object.assign(process.env, ENVIRONMENT);
    server = await listenOnLoopback(createServer((request, response) => answer(request, response)));
  });
  after(async () => {
    await server.stop();
    for (const name of Object.keys(ENVIRONMENT)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, environment);
  });

  for (const [cloud, target] of TARGETS) {
    const opened = (): Promise<Store> => openStore(parseLocation(target(server.address)), { stallMs: STALL_MS });

    it(`has a limit on each request, when it is the body: ${cloud}`, async () => {
      answer = (_request, response) => {
        response.writeHead(200, { "content-type": cloud === "Google" ? "application/json" : "application/xml" });
        const trickle = setInterval(() => response.write(" "), BETWEEN_BYTES_MS);
        response.on("close", () => clearInterval(trickle));
      };
      const store = await opened();
      expect((await failureOf(store.list("")[Symbol.asyncIterator]().next())).code).to.equal("STORE_STALLED");
      expect((await failureOf(store.delete("x"))).code).to.equal("STORE_STALLED");
      store.close();
    });

    it(`has a limit on each request, when it is the headers: ${cloud}`, async () => {
      answer = ({ socket }) => {
        socket.write("HTTP/1.1 200 OK\r\nx-slow: ");
        const trickle = setInterval(() => socket.write("x"), BETWEEN_BYTES_MS);
        socket.on("close", () => clearInterval(trickle)).on("error", () => undefined);
      };
      const store = await opened();
      expect((await failureOf(store.head("x"))).code).to.equal("STORE_STALLED");
      store.close();
    });
  }
}).timeout(60_000);
