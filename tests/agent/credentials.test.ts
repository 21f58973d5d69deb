import { createServer, type IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { Agent, fetch } from "undici";
import { type Certificates, makeCertificates } from "../support/consul/certificates";
import { type ConsulServer, startConsul } from "../support/consul/consul";
import { interceptingProxy } from "../support/faults/interceptingProxy";
import { type Listening, listenOnLoopback } from "../support/faults/listening";
import { command } from "../support/programs/command";
import { freePort, LOOPBACK } from "../support/programs/ports";
import { temporaryFolder } from "../support/programs/saving";
import { versitygw } from "../support/stores/s3";
import { startServer, temporaryFolder as serverFolder } from "../support/stores/serverProcess";
import type { StoreServer } from "../support/stores/stores";
import { configFile, runToEnd } from "./running";

const SAVED = /\[INFO\] Saved snapshot: id=\d{19}$/;

/** What clouds answer who asks for access cannot be had from real ones here; the stores behind it are real servers. */
describe("credentials of a destination that are exchanged for others", function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  before(async () => {
    consul = await startConsul();
  });
  after(() => consul.stop());
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());
  const common = () => ({ http_addr: consul.address, snapshot: { interval: "0" } });

  describe("a role of AWS", () => {
    let s3: StoreServer;
    let sts: Listening;
    let asked: { readonly form: URLSearchParams; readonly authorization: string | undefined }[];
    let status: number;
    let session: string;
    before(async () => {
      s3 = await versitygw.start();
      const server = createServer((request, response) => {
        void bodyOf(request).then((body) => {
          const form = new URLSearchParams(body);
          asked.push({ form, authorization: request.headers.authorization });
          response.writeHead(status, { "Content-Type": "text/xml" }).end(stsAnswer(form.get("Action") ?? "", status));
        });
      });
      sts = await listenOnLoopback(server);
    });
    after(() => Promise.all([s3.stop(), sts.stop()]));
    beforeEach(() => {
      asked = [];
      status = 200;
      session = "";
    });

    /** What the token service grants is what the store knows; the keys of the configuration are unknown to it. */
    const stsAnswer = (action: string, code: number): string =>
      code === 200
        ? `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result><Credentials>` +
          `<AccessKeyId>${s3.env.AWS_ACCESS_KEY_ID}</AccessKeyId><SecretAccessKey>${s3.env.AWS_SECRET_ACCESS_KEY}</SecretAccessKey>` +
          `${session}<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></${action}Result></${action}Response>`
        : `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`;
    const destination = (more: object): object => ({
      ...common(),
      backup_destinations: {
        aws_storage: [
          {
            s3_bucket: "bucket",
            s3_region: "us-east-1",
            s3_endpoint: `http://${LOOPBACK}:${s3.port}`,
            s3_force_path_style: true,
            sts_endpoint: `http://${sts.address}`,
            role_arn: "arn:aws:iam::123456789012:role/backups",
            ...more,
          },
        ],
      },
    });

    it("is assumed with the keys of the destination, under the name of its session", async () => {
      const keys = { access_key_id: "ASSUMER", secret_access_key: "assumers-secret", role_session_name: "night" };
      const file = await configFile(folder.path, destination(keys));
      const { code, lines } = await runToEnd(["-config-file", file]);
      expect(lines.filter((line) => !SAVED.test(line))).to.deep.equal([]);
      expect(code).to.equal(0);
      expect(asked).to.not.have.lengthOf(0);
      for (const { form, authorization } of asked) {
        expect(Object.fromEntries(form)).to.include({
          Action: "AssumeRole",
          RoleArn: "arn:aws:iam::123456789012:role/backups",
          RoleSessionName: "night",
        });
        expect(authorization).to.match(/Credential=ASSUMER\/\d{8}\/us-east-1\/sts\//);
      }
    });

    it("is assumed with a web identity, whose token is read from its file", async () => {
      const token = join(folder.path, "token");
      await writeFile(token, "the-web-identity\n");
      const file = await configFile(folder.path, destination({ web_identity_token_file: token }));
      const { code, lines } = await runToEnd(["-config-file", file]);
      expect(lines.filter((line) => !SAVED.test(line))).to.deep.equal([]);
      expect(code).to.equal(0);
      for (const { form } of asked) {
        expect(Object.fromEntries(form)).to.include({
          Action: "AssumeRoleWithWebIdentity",
          WebIdentityToken: "the-web-identity",
          RoleSessionName: "consul-snapshot",
        });
      }
    });

    it("comes with a session, whose token the store receives", async () => {
      session = "<SessionToken>of-this-session</SessionToken>";
      const keys = { access_key_id: "ASSUMER", secret_access_key: "assumers-secret" };
      const file = await configFile(folder.path, destination(keys));
      const { code, lines } = await runToEnd(["-config-file", file, "-log-level=trace"]);
      // Versitygw knows no sessions, and refuses what has one.
      expect(lines.join("\n")).to.include("(400 InvalidToken)").and.not.include("of-this-session");
      expect(code).to.equal(1);
    });

    it("is a plain failure where it is not granted, or where the token's file does not exist", async () => {
      status = 403;
      const keys = { access_key_id: "ASSUMER", secret_access_key: "assumers-secret" };
      for (const more of [keys, { web_identity_token_file: join(folder.path, "nothing") }]) {
        const file = await configFile(folder.path, destination(more));
        for (const args of [[], ["-check-config"]]) {
          const { code, lines } = await runToEnd(["-config-file", file, ...args]);
          expect(code).to.equal(1);
          expect(lines.join("\n")).to.include("(STORE_DENIED)").and.not.include("assumers-secret");
        }
      }
    });
  });

  describe("an identity of Azure", () => {
    const ACCOUNT = "devstoreaccount1";
    const TENANT = "11111111-2222-3333-4444-555555555555";
    let certificates: Certificates;
    let azure: { readonly port: number; stop(): Promise<void> };
    let login: Listening;
    let forms: URLSearchParams[];
    let trusted: Agent;
    before(async () => {
      certificates = await makeCertificates("dc1", ["login.microsoftonline.com"]);
      azure = await startAzure(certificates);
      const [cert, key] = await Promise.all([readFile(certificates.serverCert), readFile(certificates.serverKey)]);
      const server = createTlsServer({ cert, key }, (request, response) => {
        void bodyOf(request).then((body) => {
          response.setHeader("Content-Type", "application/json");
          response.end(JSON.stringify(loginAnswer(request.url ?? "", body)));
        });
      });
      login = await listenOnLoopback(server);
      trusted = new Agent({ connect: { ca: await readFile(certificates.caFile, "utf8") } });
      expect((await ask("PUT", "")).status).to.equal(201);
    });
    after(() => Promise.all([trusted.close(), login.stop(), azure.stop(), certificates.remove()]));
    beforeEach(() => (forms = []));

    const ask = (method: string, query: string) =>
      fetch(`https://${LOOPBACK}:${azure.port}/${ACCOUNT}/bucket?restype=container${query}`, {
        method,
        dispatcher: trusted,
        headers: {
          Authorization: `Bearer ${accessToken()}`,
          "x-ms-version": "2021-08-06",
          "x-ms-date": new Date().toUTCString(),
        },
      });
    /** The names of the archives in the container. */
    async function saved(): Promise<string[]> {
      const listing = await (await ask("GET", "&comp=list")).text();
      return [...listing.matchAll(/<Name>(consul-\d{19}\.snap)<\/Name>/g)].map(([, name = ""]) => name);
    }
    const destination = (more: object = {}): object => ({
      ...common(),
      backup_destinations: {
        azure_blob_storage: [{ account_name: ACCOUNT, container_name: "bucket", ...more }],
      },
    });
    const storage = (): Record<string, string> => ({
      AZURE_STORAGE_DOMAIN: `${LOOPBACK}:${azure.port}`,
      NODE_EXTRA_CA_CERTS: certificates.caFile,
    });

    function loginAnswer(path: string, body: string): object {
      const base = `https://login.microsoftonline.com/${TENANT}`;
      if (!path.includes("/token")) {
        return {
          token_endpoint: `${base}/oauth2/v2.0/token`,
          authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
          issuer: `${base}/v2.0`,
        };
      }
      forms.push(new URLSearchParams(body));
      return { token_type: "Bearer", expires_in: 3600, access_token: accessToken() };
    }

    it("of a service principal logs in at its tenant, and saves with the token that it gets", async () => {
      const proxy = await interceptingProxy({ "login.microsoftonline.com": login.port });
      const principal = {
        service_principal_id: "the-client",
        service_principal_secret: "env://PRINCIPAL_SECRET",
        tenant_id: TENANT,
      };
      const file = await configFile(folder.path, destination(principal));
      const env = {
        ...storage(),
        PRINCIPAL_SECRET: "the-secret",
        HTTPS_PROXY: `http://${proxy.address}`,
        NO_PROXY: LOOPBACK,
      };
      const savedBefore = await saved();
      const { code, out, err } = await command(["agent", "-config-file", file, "-log-level=debug"], { env });
      await proxy.stop();
      expect(code, out + err).to.equal(0);
      expect(out + err).to.not.include("the-secret");
      expect(new Set(proxy.asked)).to.deep.equal(new Set(["login.microsoftonline.com:443"]));
      expect(forms).to.not.have.lengthOf(0);
      expect(Object.fromEntries(forms[0]!)).to.include({
        client_id: "the-client",
        client_secret: "the-secret",
        grant_type: "client_credentials",
        scope: "https://storage.azure.com/.default",
      });
      expect(await saved()).to.have.lengthOf(savedBefore.length + 1);
    });

    it("that the machine has itself is asked for at its metadata service, without a setting", async () => {
      const asked: { url: string; metadata: unknown }[] = [];
      const metadata = await listenOnLoopback(
        createServer((request, response) => {
          asked.push({ url: request.url ?? "", metadata: request.headers.metadata });
          const token = { access_token: accessToken(), token_type: "Bearer", expires_in: "3600" };
          response.setHeader("Content-Type", "application/json");
          response.end(JSON.stringify({ ...token, expires_on: String(Math.floor(Date.now() / 1000) + 3600) }));
        }),
      );
      const file = await configFile(folder.path, destination());
      const env = { ...storage(), AZURE_POD_IDENTITY_AUTHORITY_HOST: `http://${metadata.address}` };
      const savedBefore = await saved();
      const { code, out, err } = await command(["agent", "-config-file", file], { env });
      await metadata.stop();
      expect(code, out + err).to.equal(0);
      expect(await saved()).to.have.lengthOf(savedBefore.length + 1);
      expect(asked).to.not.have.lengthOf(0);
      for (const request of asked) {
        expect(request.metadata).to.equal("true");
        const { pathname, searchParams } = new URL(request.url, "http://metadata");
        expect(pathname).to.match(/^\/metadata\/identity\/oauth2\/token\/?$/);
        expect(searchParams.get("resource")).to.match(/^https:\/\/storage\.azure\.com\/?$/);
      }
    });
  });
});

/** Azurite with a certificate: it accepts tokens only over HTTPS. */
async function startAzure({ serverCert, serverKey }: Certificates): Promise<{ port: number; stop(): Promise<void> }> {
  const path = await serverFolder("azurite");
  const port = await freePort();
  const server = await startServer(
    "azurite",
    [
      process.execPath,
      resolve(__dirname, "../../node_modules/azurite/dist/src/blob/main.js"),
      ...["--blobHost", LOOPBACK, "--blobPort", String(port), "--location", path, "--silent", "--disableTelemetry"],
      ...["--oauth", "basic", "--cert", serverCert, "--key", serverKey],
    ],
    port,
    path,
  );
  return { port, stop: () => server.stop() };
}

/** What azurite checks of a token: audience, issuer and times. */
function accessToken(): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    aud: "https://storage.azure.com",
    iss: "https://sts.windows.net/tenant/",
    nbf: now - 60,
    iat: now - 60,
  };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "RS256", typ: "JWT" })}.${part({ ...claims, exp: now + 3600 })}.c2lnbmF0dXJl`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
