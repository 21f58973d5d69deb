import { mkdir, readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { createServer, type TLSSocket } from "node:tls";
import { expect } from "chai";
import { startCuttingProxy } from "../../support/faults/cuttingProxy";
import { type Certificates, makeCertificates } from "../../support/consul/certificates";
import { freePort, LOOPBACK } from "../../support/programs/ports";
import { openStore } from "../../../provider/store/backends";
import { parseLocation } from "../../../provider/store/location";
import type { Store } from "../../../provider/store/store";
import {
  bytesOf,
  contentOf,
  expectAbsent,
  expectSame,
  failureOf,
  Ground,
  LONG,
  PART,
  stream,
} from "../../support/stores/ground";
import { versitygw } from "../../support/stores/s3";
import { startServer, temporaryFolder, tool } from "../../support/stores/serverProcess";
import { contract } from "../contract";

contract(versitygw);

describe("versitygw with one account", () => {
  it("denies an access key that it does not know, which is no missing object", async () => {
    const folder = await temporaryFolder("versitygw");
    const port = await freePort();
    await mkdir(join(folder, "bucket"));
    const account = ["--access", "ONLY12345", "--secret", "SECRET12345", "--port", `${LOOPBACK}:${port}`, "--quiet"];
    const server = await startServer("versitygw", [tool("versitygw"), ...account, "posix", folder], port, folder);
    const settings = `region=us-east-1&endpoint=${LOOPBACK}:${port}&disableSSL=true&s3ForcePathStyle=true`;
    const aws = { accessKeyId: "NOBODY12345", secretAccessKey: "SECRET12345" };
    const store = await openStore(parseLocation(`s3://bucket/x?${settings}`), { credentials: { aws } });
    try {
      for (const ask of [
        () => store.head("x"),
        () => contentOf(store.read("x")),
        () => store.list("x")[Symbol.asyncIterator]().next(),
        () => store.put("x", stream(bytesOf(10))),
      ]) {
        const { code, message } = await failureOf(ask());
        const expected = "access to s3://bucket/x is denied (404 XAdminUserNotFound)";
        expect({ code, message }).to.deep.equal({ code: "STORE_DENIED", message: expected });
      }
    } finally {
      store.close();
      await server.stop();
    }
  });
});

describe(`${versitygw.name}: checksums and certificates`, function () {
  this.timeout(LONG);
  const ground = new Ground(versitygw);
  const stores: Store[] = [];
  let certificates: Certificates;
  before(async () => {
    await ground.start();
    certificates = await makeCertificates();
  });
  afterEach(() => {
    ground.setEnvironment(ground.server.env);
    for (const store of stores.splice(0)) store.close();
  });
  after(async () => {
    await ground.stop();
    await certificates.remove();
  });

  async function open(target: string): Promise<Store> {
    const store = await openStore(parseLocation(target), { stallMs: 10_000 });
    stores.push(store);
    return store;
  }

  for (const checksums of ["when_supported", "when_required"]) {
    for (const size of [10, 2 * PART + 10]) {
      it(`keeps ${size} bytes with checksums ${checksums}`, async () => {
        const key = ground.key();
        const store = await open(`${ground.server.url("x")}&request_checksum_calculation=${checksums}`);
        await store.put(key, stream(bytesOf(size)));
        expectSame(await contentOf(store.read(key)), bytesOf(size));
      });
    }

    it(`shows nothing of a body that breaks off with checksums ${checksums}`, async () => {
      const proxy = await startCuttingProxy(ground.server.port);
      const key = ground.key();
      try {
        const through = ground.server.url("x", undefined, proxy.port);
        const store = await open(`${through}&request_checksum_calculation=${checksums}`);
        // Every try breaks, so that only what is left of broken ones can be visible.
        const size = 3_000_000;
        const breaking = () => {
          proxy.cutSendingAfter(1_000_000);
          proxy.before(/^PUT /, breaking);
        };
        proxy.before(/^PUT /, breaking);
        expect((await failureOf(store.put(key, stream(bytesOf(size))))).code).to.equal("STORE_UNREACHABLE");
        expect(proxy.cuts()).to.be.above(0);
      } finally {
        await proxy.stop();
      }
      await expectAbsent(await open(ground.server.url("x")), key);
    });
  }

  describe("behind a certificate of its own authority", () => {
    let port: number;
    let close: () => void;
    /** All that was sent, as text. */
    let sent: Buffer[] = [];
    before(async () => {
      const [key, cert] = await Promise.all([readFile(certificates.serverKey), readFile(certificates.serverCert)]);
      const sockets = new Set<TLSSocket>();
      const server = createServer({ key, cert }, (socket) => {
        sockets.add(socket);
        const upstream = connect(ground.server.port, LOOPBACK);
        for (const side of [socket, upstream]) side.on("error", () => undefined);
        socket.on("data", (bytes: Buffer) => sent.push(bytes));
        socket.pipe(upstream).pipe(socket);
      });
      await new Promise<void>((listening) => server.listen(0, LOOPBACK, listening));
      ({ port } = server.address() as AddressInfo);
      close = () => {
        for (const socket of sockets) socket.destroy();
        server.close();
      };
    });
    after(() => close());

    const target = () => `s3://bucket/x?region=us-east-1&endpoint=https://${LOOPBACK}:${port}&s3ForcePathStyle=true`;

    it("is used, for small and large objects, with AWS_CA_BUNDLE", async () => {
      ground.setEnvironment({ ...ground.server.env, AWS_CA_BUNDLE: certificates.caFile });
      const store = await open(target());
      for (const size of [10, PART + 10]) {
        const key = ground.key();
        await store.put(key, stream(bytesOf(size)));
        expectSame(await contentOf(store.read(key)), bytesOf(size));
      }
    });

    for (const [checksums, header] of [
      ["when_supported", "x-amz-checksum-crc32"],
      ["when_required", "content-md5"],
    ] as const) {
      it(`lets parts go without a second hash, but not a whole object, with checksums ${checksums}`, async () => {
        ground.setEnvironment({ ...ground.server.env, AWS_CA_BUNDLE: certificates.caFile });
        const store = await open(`${target()}&request_checksum_calculation=${checksums}`);
        for (const [size, hash] of [
          [10, /^[0-9a-f]{64}$/],
          [PART + 10, /^UNSIGNED-PAYLOAD$/],
        ] as const) {
          sent = [];
          const key = ground.key();
          await store.put(key, stream(bytesOf(size)));
          expectSame(await contentOf(store.read(key)), bytesOf(size));
          const requests = Buffer.concat(sent)
            .toString("latin1")
            .match(/PUT \/bucket\/[^]*?\r\n\r\n/g);
          expect(requests).to.have.lengthOf(size > PART ? 2 : 1);
          for (const request of requests ?? []) {
            expect(request).to.match(new RegExp(`^${header}: .`, "im"));
            expect(/^x-amz-content-sha256: (.*)\r$/im.exec(request)?.[1]).to.match(hash);
          }
        }
      });
    }

    it("is named, with the variables that help, without it", async () => {
      const error = await failureOf((await open(target())).head("x"));
      expect(error.code).to.equal("STORE_UNREACHABLE");
      expect(error.message).to.match(/^the certificate of the store of s3:.* this machine does not trust \(/);
      expect(error.hint).to.match(/AWS_CA_BUNDLE.*NODE_EXTRA_CA_CERTS/);
    });

    it("is not trusted because of an authority that did not issue it", async () => {
      const other = await makeCertificates();
      try {
        ground.setEnvironment({ ...ground.server.env, AWS_CA_BUNDLE: other.caFile });
        const error = await failureOf((await open(target())).head("x"));
        expect(error.message).to.include("does not trust");
      } finally {
        await other.remove();
      }
    });

    it("is refused before anything is asked with a bundle that cannot be used", async () => {
      const empty = join(certificates.dir, "empty.pem");
      await writeFile(empty, "");
      const cases: readonly (readonly [string, RegExp])[] = [
        [join(certificates.dir, "nowhere.pem"), /nowhere\.pem does not exist/],
        [certificates.dir, /is a folder, not a file/],
        [empty, /empty\.pem is empty/],
        [certificates.serverKey, /holds a private key, not a certificate/],
      ];
      for (const [path, reason] of cases) {
        ground.setEnvironment({ ...ground.server.env, AWS_CA_BUNDLE: path });
        const error = await failureOf(open(target()));
        expect(error.code).to.equal("TARGET_INVALID");
        expect(error.message)
          .to.match(/^AWS_CA_BUNDLE: /)
          .and.match(reason);
      }
    });
  });
});
