import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { type ConsulServer, startConsul } from "../support/consul/consul";
import { temporaryFolder } from "../support/programs/saving";
import { configFile, runToEnd, startAgent } from "./running";

const ISSUER = "https://issuer.test";

function jwt(key: KeyObject): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: ISSUER, aud: "consul", sub: "agent", team: "backup", nbf: now - 60, exp: now + 3600 };
  const text = `${part({ alg: "ES256", typ: "JWT" })}.${part(claims)}`;
  const signature = sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}

describe("the login of the agent at an auth method", function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let bearerToken: string;
  const put = (path: string, body: object) => consul.api(path, { method: "PUT", body });
  before(async () => {
    consul = await startConsul({ acl: true });
    folder = await temporaryFolder();
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
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
    expect(refused.lines.find((line) => line.startsWith("Login at jwt: "))).to.include("signature");
    expect(refused.code).to.equal(1);
    const down = await runToEnd(["-config-file", file, "-check-config", "-http-addr=127.0.0.1:1"]);
    expect(down.lines).to.include("Login at jwt: not tried");
    expect(down.code).to.equal(1);
    for (const { lines } of [works, refused, down]) {
      expect(lines.join("\n")).to.not.include(bearerToken).and.not.include(forged);
    }
    expect(await tokens()).to.deep.equal([]);
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
