import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { resolveConnection } from "../../provider/consul/connection";
import { login } from "../../provider/consul/login";
import type { SnapshotError } from "../../provider/errors";
import { type ConsulServer, startConsul } from "../support/consul/consul";
import { temporaryFolder } from "../support/programs/saving";
import { configFile, runToEnd, startAgent } from "./running";

const ISSUER = "https://issuer.test";

function jwt(key: KeyObject, changed: Readonly<Record<string, unknown>> = {}): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: ISSUER,
    aud: "consul",
    sub: "agent",
    team: "backup",
    nbf: now - 60,
    exp: now + 3600,
    ...changed,
  };
  const text = `${part({ alg: "ES256", typ: "JWT" })}.${part(claims)}`;
  const signature = sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}

describe("the login of the agent at an auth method", function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let bearerToken: string;
  let privateKey: KeyObject;
  let publicKey: KeyObject;
  const put = (path: string, body: object) => consul.api(path, { method: "PUT", body });
  before(async () => {
    consul = await startConsul({ acl: true });
    folder = await temporaryFolder();
    ({ privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" }));
    bearerToken = jwt(privateKey);
    await put("/v1/acl/auth-method", {
      Name: "jwt",
      Type: "jwt",
      Config: {
        JWTValidationPubKeys: [publicKey.export({ type: "spki", format: "pem" })],
        BoundIssuer: ISSUER,
        BoundAudiences: ["consul"],
        ClaimMappings: { team: "team" },
      },
    });
    await put("/v1/acl/binding-rule", {
      AuthMethod: "jwt",
      Selector: "value.team == backup",
      BindType: "role",
      BindName: "${value.team}",
    });
  });
  after(async () => {
    await consul.stop();
    await folder.remove();
  });

  /** What the role of the login may do. */
  async function allow(rules: string): Promise<void> {
    const { ID } = (await put("/v1/acl/policy", { Name: `rules-${Date.now()}`, Rules: rules })) as { ID: string };
    const role = (await consul.api("/v1/acl/role/name/backup").catch(() => undefined)) as { ID: string } | undefined;
    const body = { Name: "backup", Policies: [{ ID }] };
    await put(role === undefined ? "/v1/acl/role" : `/v1/acl/role/${role.ID}`, body);
  }
  /** The tokens of the auth method. */
  const tokens = async (): Promise<string[]> => {
    const all = (await consul.api("/v1/acl/tokens?authmethod=jwt")) as { AccessorID: string }[];
    return all.map(({ AccessorID }) => AccessorID).sort();
  };
  async function agent(name: string, snapshot: object, more: object = {}): Promise<string> {
    const bearer_token_file = join(folder.path, `${name}.jwt`);
    await writeFile(bearer_token_file, `${bearerToken}\n`);
    const config = {
      http_addr: consul.address,
      login: { auth_method: "jwt", bearer_token_file, meta: { by: name } },
      local_storage: { path: join(folder.path, name) },
      log: { level: "TRACE" },
      snapshot,
      ...more,
    };
    return configFile(folder.path, config, `${name}.json`);
  }

  it("takes a snapshot with the token of the login, shows no token, and leaves none in Consul", async () => {
    await allow('acl = "write"');
    const { code, lines } = await runToEnd(["-config-file", await agent("once", { interval: "0" })]);
    expect(lines.join("\n")).to.include("Saved snapshot").and.not.include(bearerToken);
    expect(code).to.equal(0);
    expect(await tokens()).to.deep.equal([]);
  });

  it("is tried by -check-config, which leaves no token, and says what is wrong", async () => {
    await allow('acl = "write"');
    const works = await runToEnd(["-config-file", await agent("checked", { interval: "1h" }), "-check-config"]);
    expect(works.lines).to.include("Login at jwt: works; its token was destroyed again");
    expect(works.code).to.equal(0);
    const file = await agent("refused", { interval: "1h" });
    const forged = jwt(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
    await writeFile(join(folder.path, "refused.jwt"), forged);
    const refused = await runToEnd(["-config-file", file, "-check-config"]);
    expect(refused.lines.find((line) => line.startsWith("Login at jwt: ")))
      .to.include("refuses the JWT of the login: no key of the auth method verifies its signature")
      .and.include("CONSUL_DENIED");
    expect(refused.code).to.equal(1);
    const down = await runToEnd(["-config-file", file, "-check-config", "-http-addr=127.0.0.1:1"]);
    expect(down.lines).to.include("Login at jwt: not tried");
    expect(down.code).to.equal(1);
    for (const { lines } of [works, refused, down]) {
      expect(lines.join("\n")).to.not.include(bearerToken).and.not.include(forged);
    }
    expect(await tokens()).to.deep.equal([]);
  });

  describe("explains that the auth method", () => {
    const now = Math.floor(Date.now() / 1000);
    const logIn = (BearerToken: string, AuthMethod = "jwt", address = consul.address): Promise<SnapshotError> =>
      login(
        resolveConnection({ address }, { config: () => undefined, env: {} }),
        { authMethod: AuthMethod, bearerToken: BearerToken, meta: {} },
        new AbortController().signal,
        () => undefined,
      ).then(
        () => Promise.reject(new Error("the login succeeded")),
        (error: unknown) => error as SnapshotError,
      );
    const claims: readonly (readonly [
      what: string,
      changed: Readonly<Record<string, unknown>>,
      reason: string,
      hint: string,
    ])[] = [
      ["has expired", { nbf: now - 8000, exp: now - 4000 }, "it has expired", "Log in with a new JWT"],
      ["becomes valid later", { nbf: now + 4000, exp: now + 8000 }, "it is not valid yet", "clock"],
      ["was issued in the future", { iat: now + 4000 }, "it is not valid yet", "clock"],
      ["contains no time", { nbf: undefined, exp: undefined }, "it contains no time", "exp and nbf"],
      ["is from another issuer", { iss: "https://other.test" }, "it is from another issuer", "BoundIssuer"],
      ["is for another audience", { aud: "vault" }, "it is for another audience", "BoundAudiences"],
      ["has a claim of another type", { team: { a: 1 } }, "its claims do not have the form", "ClaimMappings"],
    ];
    for (const [what, changed, reason, hint] of claims) {
      it(`refuses a JWT that ${what}`, async () => {
        const error = await logIn(jwt(privateKey, changed));
        expect(error.code).to.equal("CONSUL_DENIED");
        expect(error.message).to.include(`refuses the JWT of the login: ${reason}`).and.include("(500 ");
        expect(error.hint).to.include(hint);
      });
    }

    it("refuses what is not a JWT, or has no valid signature", async () => {
      const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
      const texts = { "": "it is not a JWT", garbage: "it is not a JWT", [jwt(other)]: "no key of the auth method" };
      for (const [text, reason] of Object.entries(texts)) {
        const error = await logIn(text);
        expect(error.code).to.equal("CONSUL_DENIED");
        expect(error.message).to.include(`refuses the JWT of the login: ${reason}`);
      }
    });

    it("has no binding rule for a JWT, or does not exist", async () => {
      const stranger = await logIn(jwt(privateKey, { team: "sales" }));
      expect(stranger).to.include({ code: "CONSUL_DENIED" });
      expect(stranger.message).to.include("no binding rule matches the login");
      const nowhere = await logIn(bearerToken, "nowhere");
      expect(nowhere).to.include({ code: "CONSUL_DENIED" });
      expect(nowhere.message).to.include("has no auth method of this name");
    });

    it("cannot reach the issuer, which is no fault of the JWT", async () => {
      const keys = [{ ...publicKey.export({ format: "jwk" }), kid: "a", use: "sig", alg: "ES256" }];
      const issuer = createServer((_, response) => response.end(JSON.stringify({ keys }))).listen(0, "127.0.0.1");
      await once(issuer, "listening");
      const JWKSURL = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/`;
      await put("/v1/acl/auth-method", { Name: "away", Type: "jwt", Config: { JWKSURL, BoundIssuer: ISSUER } });
      issuer.closeAllConnections();
      issuer.close();
      const error = await logIn(bearerToken, "away");
      expect(error.code).to.equal("CONSUL_RESPONSE");
      expect(error.message).to.include("cannot check the JWT of the login");
      expect(error.hint).to.include("JWKSURL");
    });
  });

  it("ends the token that Consul denies before it logs in again, and the last one when it ends", async () => {
    await allow('service_prefix "" { policy = "write" }');
    const run = startAgent(["-config-file", await agent("denied", { interval: "1h" })]);
    try {
      expect(await run.line(/leadership cannot be obtained/)).to.include("CONSUL_DENIED");
      await run.line(/leadership cannot be obtained/, run.lines.length);
      expect((await tokens()).length).to.be.at.most(1);
    } finally {
      run.stop();
    }
    expect(await run.ended).to.equal(0);
    expect(await tokens()).to.deep.equal([]);
  });

  it("keeps the lock while snapshots are denied, and leaves no token when it ends", async () => {
    await allow(
      ["service_prefix", "session_prefix", "key_prefix"].map((each) => `${each} "" { policy = "write" }`).join("\n"),
    );
    const run = startAgent(["-config-file", await agent("leading", { interval: "1s", max_failures: 0 })]);
    try {
      expect(await run.line(/no snapshot could be taken/)).to.include("CONSUL_DENIED");
      await run.line(/no snapshot could be taken/, run.lines.length);
      expect((await tokens()).length).to.be.at.most(2);
      expect(run.lines.filter((line) => line.includes("Obtained leadership"))).to.have.lengthOf(1);
    } finally {
      run.stop();
    }
    expect(await run.ended).to.equal(0);
    expect(await tokens()).to.deep.equal([]);
  });

  it("leaves no token where the agent cannot begin after the login", async () => {
    await allow('agent_prefix "" { policy = "read" }');
    const file = await agent("elsewhere", { interval: "1h" }, { datacenter: "dc1", http: { address: consul.address } });
    const failure = await startAgent(["-config-file", file]).ended.catch((error: unknown) => error);
    expect(String(failure)).to.include("http.address");
    expect(await tokens()).to.deep.equal([]);
  });

  it("ends, and reads its configuration again, while the token of a login is not replicated yet", async function () {
    // Less than the time that such a login is waited for.
    this.timeout(20_000);
    const requests: string[] = [];
    const slow = createServer((request, response) => {
      requests.push(`${request.method} ${request.url} ${String(request.headers["x-consul-token"])}`);
      if (request.url === "/v1/acl/login") response.end(JSON.stringify({ SecretID: "the-token" }));
      else if (request.url === "/v1/acl/logout") response.end("true");
      else response.writeHead(403).end("ACL not found");
    }).listen(0, "127.0.0.1");
    await once(slow, "listening");
    const http_addr = `127.0.0.1:${(slow.address() as AddressInfo).port}`;
    const run = startAgent(["-config-file", await agent("slow", { interval: "1h" }, { http_addr })]);
    await run.line(/waiting until it is replicated/);
    run.reload();
    await run.line(/Configuration reloaded/);
    await run.line(/waiting until it is replicated/, run.lines.length);
    run.stop();
    expect(await run.ended).to.equal(0);
    slow.close();
    expect(requests.filter((each) => each.includes("logout"))).to.deep.equal(
      Array(2).fill("POST /v1/acl/logout the-token"),
    );
    expect(run.lines.filter((line) => /WARN|ERROR/.test(line))).to.deep.equal([]);
  });
});
