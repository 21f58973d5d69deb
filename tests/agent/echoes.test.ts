import { join } from "node:path";
import { expect } from "chai";
import { fetch } from "undici";
import { explain } from "../../provider/errors";
import { registerEnvironment } from "../../provider/text";
import { archiveOf } from "../fixtures/archive";
import { keyValue, stateOf } from "../fixtures/state";
import { type ConsulServer, eventually, startConsul } from "../support/consul/consul";
import { CREDENTIALS, ECHOED, echoesOf, echoNumber, STORE_ENVIRONMENT } from "../support/faults/echoes";
import { CONSUL_WAYS, consulWay, type EchoingConsul, echoingConsul } from "../support/faults/echoingConsul";
import { type EchoingStore, echoingStore, STORE_FORMS, STORE_WAYS } from "../support/faults/echoingStore";
import { type LyingConsul, lyingConsul } from "../support/faults/lyingConsul";
import { secretSearch } from "../support/faults/spellings";
import { temporaryFolder } from "../support/programs/saving";
import { type AgentRun, configFile, startAgent } from "./running";

/** The agent has no key for headers, so no server can know this one from it. */
const shownSecrets = secretSearch(Object.fromEntries(Object.entries(ECHOED).filter(([name]) => name !== "route")));

/** Those for S3 are in the configuration, and not in the environment. */
const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, ...ENVIRONMENT } = STORE_ENVIRONMENT;
const AWS = {
  access_key_id: AWS_ACCESS_KEY_ID,
  secret_access_key: AWS_SECRET_ACCESS_KEY,
  session_token: AWS_SESSION_TOKEN,
  s3_region: "us-east-1",
  s3_force_path_style: true,
};

const FORMATS = ["text", "json"] as const;
const PAGES = ["/", "/status", "/metrics", "/health", "/ready", "/elsewhere"] as const;

function ways(count: number): number[] {
  return Array.from({ length: count }, (_, way) => echoNumber(way, count));
}

describe("an agent whose servers repeat secrets, each way in another spelling,", function () {
  this.timeout(180_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let environment: NodeJS.ProcessEnv;
  let honest: LyingConsul;
  let consul: EchoingConsul;
  let stores: readonly EchoingStore[];
  let real: ConsulServer;
  const running = new Set<AgentRun>();
  before(async () => {
    environment = { ...process.env };
    Object.assign(process.env, ENVIRONMENT);
    // As the command does when it begins.
    registerEnvironment(process.env);
    const archive = archiveOf(stateOf([keyValue("app/a", "1")]));
    honest = await lyingConsul((response, headers) => response.writeHead(200, headers).end(archive));
    consul = await echoingConsul(echoesOf(CONSUL_WAYS));
    stores = await Promise.all(STORE_FORMS.map((form) => echoingStore(form, echoesOf(STORE_WAYS))));
    real = await startConsul();
  });
  after(async () => {
    process.env = environment;
    await Promise.all([honest, consul, ...stores, real].map((server) => server.stop()));
  });
  beforeEach(async () => (folder = await temporaryFolder()));
  afterEach(async () => {
    for (const run of running) run.stop();
    await Promise.all([...running].map(({ ended }) => ended.catch(() => undefined)));
    running.clear();
    await folder.remove();
  });

  const warnings: string[] = [];
  const note = ({ message }: Error): void => void warnings.push(message);
  before(() => process.on("warning", note));
  after(() => process.off("warning", note));

  let files = 0;
  async function start(agent: object, flags: readonly string[] = []): Promise<AgentRun> {
    const config = { token: CREDENTIALS.token, ...agent };
    const file = await configFile(folder.path, config, `${files++}.json`);
    const run = startAgent(["-config-file", file, ...flags], { CONSUL_HTTP_AUTH: CREDENTIALS.httpAuth });
    running.add(run);
    return run;
  }

  /** What one that ends by itself shows: the command prints a failure that the agent throws. */
  async function shownBy(agent: object, flags: readonly string[] = []): Promise<string> {
    const run = await start(agent, flags);
    const failure = await run.ended.then(() => "", explain);
    return [...run.lines, failure].join("\n");
  }

  async function pagesOf(run: AgentRun): Promise<string> {
    const [, address = ""] = /address"?[=:]"?([\d.:]+)/.exec(await run.line(/Serving HTTP/)) ?? [];
    const read = async (page: string): Promise<string> => {
      const response = await fetch(`http://${address}${page}`);
      return JSON.stringify([...response.headers]) + (await response.text());
    };
    return (await Promise.all(PAGES.map(read))).join("\n");
  }

  function expectNone(what: string, text: string): void {
    expect(shownSecrets(text), `${what}\n${text}`).to.deep.equal([]);
  }

  function bucket(number: number): object {
    const url = new URL(stores[0]!.url(number, "key"));
    return { ...AWS, s3_bucket: url.hostname, s3_endpoint: `http://${url.searchParams.get("endpoint") ?? ""}` };
  }
  /** A folder, and a bucket, so that the agent has the secrets that its Consul repeats. */
  const two = (): object => ({
    backup_destinations: { local_storage: [{ path: join(folder.path, "b") }], aws_storage: [bucket(0)] },
  });
  const log = (at: number): object => ({ log: { level: "TRACE", format: FORMATS[at % 2] } });
  /** Every way of every store. In S3 the agent has credentials of its configuration, and some ways repeat a secret as it is. */
  const inS3 = [...new Set([...ways(STORE_WAYS), ...Array.from({ length: STORE_WAYS }, (_, way) => way)])];
  const COUNT = (STORE_FORMS.length - 1) * STORE_WAYS + inS3.length;
  const destinations = (): object => ({
    backup_destinations: {
      targets: stores
        .slice(1)
        .flatMap((store) => ways(STORE_WAYS).map((number) => ({ target: store.url(number, "backups/") }))),
      aws_storage: inS3.map(bucket),
    },
  });

  it("puts none of them into its log, or the lines of -check-config: Consul and its proxies", async () => {
    const shown = await Promise.all(
      ways(CONSUL_WAYS).map(async (number, at) => {
        const agent = { http_addr: consul.at(number), snapshot: { interval: "0" }, ...two(), ...log(at) };
        const login = { login: { auth_method: "echoing", bearer_token: CREDENTIALS.token } };
        const other = { ...agent, ...login, ...log(at + 1) };
        return [
          await shownBy(agent),
          await shownBy(agent, ["-check-config"]),
          await shownBy(other),
          await shownBy(other, ["-check-config"]),
        ].join("\n");
      }),
    );
    for (const [way, text] of shown.entries()) expectNone(consulWay(way), text);
    const all = shown.join("\n");
    for (const outcome of ["no snapshot could be taken", "Saved snapshot", "Login at"]) expect(all).to.include(outcome);
  });

  it("puts none of them into its log or its pages while it cannot lead: Consul and its proxies", async () => {
    await Promise.all(
      ways(CONSUL_WAYS).map(async (number, at) => {
        const http = { http: { address: "127.0.0.1:0" } };
        const agent = { http_addr: consul.at(number), snapshot: { interval: "1h" }, ...http, ...two(), ...log(at) };
        const run = await start(agent);
        await run.line(/leadership cannot be obtained/);
        const pages = await pagesOf(run);
        run.stop();
        await run.ended;
        // It ends with a message where the server says that it is in another datacenter.
        const elsewhere = await start({ ...agent, datacenter: "dc9" });
        const failure = elsewhere.ended.then(() => "", explain);
        await Promise.race([failure, elsewhere.line(/leadership cannot be obtained/)]);
        elsewhere.stop();
        expectNone(consulWay(number), [...run.lines, pages, ...elsewhere.lines, await failure].join("\n"));
      }),
    );
  });

  it("puts none of them into its log: stores", async () => {
    const agent = { http_addr: honest.address, snapshot: { interval: "0" }, ...destinations() };
    for (const at of [0, 1]) {
      const text = await shownBy({ ...agent, ...log(at) });
      expectNone("one snapshot", text);
      expect(text.match(/the snapshot could not be saved/g)).to.have.length.at.least(COUNT / 2);
    }
    const checked = await shownBy(agent, ["-check-config"]);
    expectNone("-check-config", checked);
    expect(checked.match(/Destination/g)).to.have.length.at.least(COUNT);
  });

  for (const [at, format] of FORMATS.entries()) {
    it(`puts none of them into its pages, its ${format} log or its checks in Consul: stores`, async () => {
      const http = { http: { address: "127.0.0.1:0" } };
      const snapshot = { snapshot: { interval: "1h", lock_key: `lock/${format}`, service: `snapshots-${format}` } };
      const run = await start({ http_addr: real.address, ...http, ...snapshot, ...destinations(), ...log(at) });
      const [, address = ""] = /address"?[=:]"?([\d.:]+)/.exec(await run.line(/Serving HTTP/)) ?? [];
      await eventually("each destination to be tried", async () => {
        const status = (await (await fetch(`http://${address}/status`)).json()) as {
          destinations: readonly { last_snapshot_end: string | null }[];
        };
        const tried = status.destinations.filter(({ last_snapshot_end: end }) => end !== null);
        return tried.length === COUNT;
      });
      const pages = await pagesOf(run);
      expect(pages).to.include("STORE_DENIED");
      const checks = await real.api("/v1/agent/checks");
      expectNone("pages", pages);
      expectNone("checks", JSON.stringify(checks));
      run.stop();
      await run.ended;
      expectNone("log", run.lines.join("\n"));
    });
  }

  it("is not warned about by Node.js, however many destinations it has", () => {
    expect(warnings).to.deep.equal([]);
  });
});
