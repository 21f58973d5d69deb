import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { readConfig } from "../../../../agent/config/config";
import { readFlags } from "../../../../agent/config/flags";
import { explain } from "../../../../provider/errors";
import { accessTo } from "../../../../provider/store/gcs/access";
import { gcsBucket } from "../../../../provider/store/gcs/config";
import { parseLocation } from "../../../../provider/store/location";
import { cleanText } from "../../../../provider/text";
import { openStore } from "../../../../provider/store/backends";
import type { Store } from "../../../../provider/store/store";
import { temporaryFolder } from "../../../support/programs/saving";
import { failureOf, stream } from "../../../support/stores/ground";
import { type FaultyServer, faultyServer, whole } from "../../../support/faults/faultyServer";

/** Nothing of the machine's own configuration takes part. */
const ISOLATED = {
  GOOGLE_CREDENTIALS: "",
  GOOGLE_APPLICATION_CREDENTIALS: "",
  GOOGLE_OAUTH_ACCESS_TOKEN: "",
  CLOUDSDK_CONFIG: "/dev/null",
  METADATA_SERVER_DETECTION: "none",
};

const ACCOUNT = { type: "service_account", client_email: "a@geheim", private_key_id: "geheim", project_id: "p" };

/** A login of Google's tools that asks for its token here. */
const login = (tokens: string): string =>
  JSON.stringify({
    type: "external_account_authorized_user",
    audience: "//iam.googleapis.com/locations/global/workforcePools/pool/providers/provider",
    client_id: "geheim",
    client_secret: "geheim",
    refresh_token: "geheim",
    token_url: tokens,
    token_info_url: tokens,
  });

describe("access to Google Cloud Storage that cannot be had", () => {
  const before_ = { ...process.env };
  let server: FaultyServer | undefined;
  afterEach(async () => {
    for (const name of Object.keys(ISOLATED)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, before_);
    await server?.stop();
    server = undefined;
  });

  async function opened(env: Record<string, string>): Promise<Store> {
    Object.assign(process.env, ISOLATED, env);
    return openStore(parseLocation("gs://bucket/x"), { stallMs: 60_000 });
  }

  async function expectDenied(env: Record<string, string>, said = ""): Promise<void> {
    const store = await opened(env);
    const tries = [
      store.head("x"),
      store.list("x")[Symbol.asyncIterator]().next(),
      store.read("x")[Symbol.asyncIterator]().next(),
      store.delete("x"),
      store.put("x", stream(Buffer.alloc(10)), { overwrite: true }),
    ];
    for (const error of await Promise.all(tries.map(failureOf))) {
      expect(error.code).to.equal("STORE_DENIED");
      expect(error.hint).to.include("GOOGLE_APPLICATION_CREDENTIALS");
      expect(error.message)
        .to.match(/^access to gs:\/\/bucket\/x is denied/)
        .and.include(said);
      expect(explain(error)).to.not.include("geheim");
    }
    store.close();
  }

  it("is denied with a service account that has no key", () =>
    expectDenied({ GOOGLE_CREDENTIALS: JSON.stringify(ACCOUNT) }, "the Google credentials have no private_key"));

  it("is denied with a key that is none", () =>
    expectDenied(
      { GOOGLE_CREDENTIALS: JSON.stringify({ ...ACCOUNT, private_key: "geheim" }) },
      "the private_key of the Google credentials is not a key",
    ));

  it("is denied with credentials of another kind of key", () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    const key = privateKey.export({ type: "pkcs8", format: "pem" });
    return expectDenied({ GOOGLE_CREDENTIALS: JSON.stringify({ ...ACCOUNT, private_key: key }) });
  });

  it("is denied when there are no credentials at all", () =>
    expectDenied({}, "no Google credentials were found on this machine"));

  for (const [credentials, reason] of [
    ["[]", "the Google credentials have neither a known type nor client_email"],
    ['{"type":"authorized_user","client_id":"geheim"}', "the Google credentials have no client_secret"],
    [
      '{"type":"authorized_user","client_id":"geheim","client_secret":"geheim"}',
      "the Google credentials have no refresh_token",
    ],
    ['{"type":"impersonated_service_account"}', "the Google credentials have no source_credentials"],
  ] as const) {
    it(`is denied with the reason: ${credentials}`, () => expectDenied({ GOOGLE_CREDENTIALS: credentials }, reason));
  }

  it("is refused at once with a token that no header can contain", async () => {
    const error = await failureOf(opened({ GOOGLE_OAUTH_ACCESS_TOKEN: "geheim\ngeheim" }));
    expect(error.code).to.equal("STORE_DENIED");
    expect(error.message).to.equal("GOOGLE_OAUTH_ACCESS_TOKEN contains a character that no token has");
  });

  it("is denied when the file of credentials is not there", () =>
    expectDenied({ GOOGLE_APPLICATION_CREDENTIALS: "/nowhere/geheim.json" }, "(ENOENT)"));

  for (const status of [400, 401, 403]) {
    it(`is denied when the login has expired (${status})`, async () => {
      const body = JSON.stringify({ error: "invalid_grant", error_description: "geheim" });
      server = await faultyServer((socket) => {
        socket.end(whole(status, body, { "Content-Type": "application/json", Connection: "close" }));
      });
      await expectDenied({ GOOGLE_CREDENTIALS: login(`http://${server.address}/token`) }, `(${status} invalid_grant)`);
    });
  }

  it("is a matter of the network when the server that gives tokens cannot be reached, or fails", async () => {
    server = await faultyServer((socket) => socket.end(whole(503, "geheim", { Connection: "close" })));
    const store = await opened({ GOOGLE_CREDENTIALS: login(`http://${server.address}/`) });
    const failed = await failureOf(store.head("x"));
    await server.stop();
    const closed = await failureOf(store.head("x"));
    store.close();
    expect([failed.code, closed.code]).to.deep.equal(["STORE_UNREACHABLE", "STORE_UNREACHABLE"]);
    expect(failed.message).to.include("(503)").and.not.include("geheim");
    expect(closed.message).to.include("(ECONNREFUSED)");
  }).timeout(60_000);
});

describe("access to Google Cloud Storage", () => {
  const URL = "https://storage.googleapis.com";
  const access = (target: string, env: NodeJS.ProcessEnv, elsewhere = false) =>
    accessTo(gcsBucket(parseLocation(target), env), URL, elsewhere);

  it("comes from the credentials file of a destination, whatever the environment has", async () => {
    const folder = await temporaryFolder();
    const tokens = await faultyServer((socket) => {
      const body = JSON.stringify({ access_token: "granted", expires_in: 3600, token_type: "Bearer" });
      socket.end(whole(200, body, { "Content-Type": "application/json", Connection: "close" }));
    });
    try {
      const credentials_file = join(folder.path, "google.json");
      await writeFile(credentials_file, login(`http://${tokens.address}/token`));
      const text = JSON.stringify({
        snapshot_agent: { backup_destinations: { google_storage: [{ bucket: "bucket", credentials_file }] } },
      });
      const [destination] = readConfig([{ file: "agent.json", text }], readFlags([]), { env: {} }).destinations;
      const { target, credentials } = destination!;
      const bucket = gcsBucket(target, { GOOGLE_OAUTH_ACCESS_TOKEN: "another" }, credentials.google);
      expect(await accessTo(bucket, URL, false)).to.deep.equal({ Authorization: "Bearer granted" });
      expect(cleanText("a server echoes granted"), "only the library gets this token").to.equal("a server echoes …");
      expect(tokens.asked.map(({ line }) => line)).to.deep.equal(["POST /token"]);
    } finally {
      await tokens.stop();
      await folder.remove();
    }
  });

  it("is a token where there is one, and nothing where the target says anonymous or names a server", async () => {
    const env = { GOOGLE_OAUTH_ACCESS_TOKEN: "a-token" };
    expect(await access("gs://bucket/x", env)).to.deep.equal({ Authorization: "Bearer a-token" });
    expect(await access("gs://bucket/x?anonymous=true", env)).to.deep.equal({});
    expect(await access("gs://bucket/x?endpoint=http://127.0.0.1:1", env, true)).to.deep.equal({});
  });
});
