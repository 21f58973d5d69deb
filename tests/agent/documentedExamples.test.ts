import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { openStore } from "../../provider/store/backends";
import type { StoreCredentials } from "../../provider/store/credentials";
import { parseLocation } from "../../provider/store/location";
import { FORMER_EXAMPLE, PRESENT_EXAMPLE } from "../fixtures/documentedConfigurations";
import { ManualClock } from "../support/agent/manualClock";
import { type SimulatedDaemon, startSimulatedDaemon } from "../support/agent/simulatedDaemon";
import { type ConsulServer, eventually, inspect, startConsul } from "../support/consul/consul";
import { temporaryFolder } from "../support/programs/saving";
import { azurite } from "../support/stores/azure";
import { fakeGcs } from "../support/stores/gcs";
import { versitygw } from "../support/stores/s3";
import type { StoreServer } from "../support/stores/stores";

const HOUR_MS = 3_600_000;
/** That of the examples. */
const RETAIN = 30;
/** What HashiCorp's page shows of the log, in its form since 1.15. */
const DOCUMENTED = [
  /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[INFO\] Snapshot agent running$/,
  /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[INFO\] Waiting to obtain leadership\.\.\.$/,
  /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[INFO\] Obtained leadership$/,
  /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[INFO\] Saved snapshot: id=\d{19}/,
];

/** Of HashiCorp's text, only addresses, credentials and names of buckets are replaced, and those of places that are empty there. */
describe("the agent with the configurations that HashiCorp documents", function () {
  this.timeout(240_000);
  let consul: ConsulServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let servers: readonly [s3: StoreServer, gcs: StoreServer, azure: StoreServer];
  let agent: SimulatedDaemon | undefined;
  const environment = { ...process.env };
  before(async () => {
    const kinds = [versitygw, fakeGcs, azurite] as const;
    const [s3, gcs, azure] = await Promise.all(kinds.map((kind) => kind.start()));
    servers = [s3!, gcs!, azure!];
    [consul, folder] = await Promise.all([startConsul({ config: { session_ttl_min: "1s" } }), temporaryFolder()]);
    await makeFormerArchives();
    process.env.AZURE_STORAGE_DOMAIN = `127.0.0.1:${azure!.port}`;
    process.env.AZURE_STORAGE_PROTOCOL = "http";
  });
  after(async () => {
    for (const name of Object.keys(process.env)) if (!(name in environment)) Reflect.deleteProperty(process.env, name);
    await Promise.all([consul.stop(), folder.remove(), ...servers.map((server) => server.stop())]);
  });
  afterEach(async function () {
    if (this.currentTest?.state === "failed") console.log(agent?.lines.slice(-12).join("\n"));
    await agent?.stop();
  });

  /** HashiCorp's text for the servers of this test. Each key is there, and only its value changes. */
  function placed(text: string): string {
    const [s3, gcs, azure] = servers;
    const values: readonly (readonly [key: string, documented: string, value: string])[] = [
      ["http_addr", "127.0.0.1:8500", consul.address],
      ["path", ".", join(folder.path, "local")],
      ["access_key_id", "", s3.env.AWS_ACCESS_KEY_ID!],
      ["secret_access_key", "", s3.env.AWS_SECRET_ACCESS_KEY!],
      ["s3_region", "", "us-east-1"],
      ["s3_bucket", "", "bucket"],
      ["account_name", "", azure.env.AZURE_STORAGE_ACCOUNT!],
      ["account_key", "", azure.env.AZURE_STORAGE_KEY!],
      ["container_name", "", "bucket"],
    ];
    let made = text;
    for (const [key, documented, value] of values) {
      const pair = `"${key}": ${JSON.stringify(documented)}`;
      expect(made.split(pair), pair).to.have.lengthOf(2);
      made = made.replace(pair, `"${key}": ${JSON.stringify(value)}`);
    }
    // The one key that is not HashiCorp's: their agent has none for another server.
    return made.replace('"bucket": ""', `"bucket": "bucket", "endpoint": "http://127.0.0.1:${gcs.port}"`);
  }

  const places = (): readonly (readonly [name: string, url: string, credentials: StoreCredentials])[] => {
    const [s3, gcs, azure] = servers;
    const { AWS_ACCESS_KEY_ID: accessKeyId = "", AWS_SECRET_ACCESS_KEY: secretAccessKey = "" } = s3.env;
    const account = `storage_account=${azure.env.AZURE_STORAGE_ACCOUNT}`;
    return [
      [`${join(folder.path, "local")}/`, `${join(folder.path, "local")}/`, {}],
      [
        "s3://bucket/consul-snapshot/",
        `s3://bucket/consul-snapshot/?region=us-east-1&use_path_style=true&endpoint=http://127.0.0.1:${s3.port}`,
        { aws: { accessKeyId, secretAccessKey } },
      ],
      ["azblob://bucket/", `azblob://bucket/?${account}`, { azure: { accountKey: azure.env.AZURE_STORAGE_KEY! } }],
      ["gs://bucket/", `gs://bucket/?endpoint=http://127.0.0.1:${gcs.port}`, {}],
    ];
  };

  /** Expects that a place has the archives of these ids and no other, ours with manifests, and that Consul reads the newest. */
  async function expectArchives([name, url, credentials]: ReturnType<typeof places>[number], ids: readonly string[]) {
    const location = parseLocation(url);
    const store = await openStore(location, { credentials });
    const base = location.key.replace(/[^/]*$/, "");
    const keys: string[] = [];
    for await (const { key } of store.list(base))
      if (/^consul-/.test(key.slice(base.length))) keys.push(key.slice(base.length));
    const isFormer = (id: string): boolean => id.endsWith("000000");
    const wanted = ids.flatMap((id) => [
      `consul-${id}.snap`,
      ...(isFormer(id) ? [] : [`consul-${id}.snap.manifest.json`]),
    ]);
    expect(keys.sort(), name).to.deep.equal(wanted.sort());
    const parts: Uint8Array[] = [];
    for await (const part of store.read(`${base}consul-${ids.at(-1)}.snap`)) parts.push(part);
    store.close();
    const file = join(folder.path, "newest.snap");
    await writeFile(file, Buffer.concat(parts));
    await inspect(file);
  }

  /** The ids of the archives that each destination has received: of HashiCorp's agent, and of this one over both runs. */
  const received = new Map<string, string[]>();

  /** Each hour of HashiCorp's agent has left an archive at each destination, all but one of what is retained. */
  async function makeFormerArchives(): Promise<void> {
    const now = Date.now();
    const ids = Array.from({ length: RETAIN - 1 }, (_, at) => `${now - (RETAIN - at) * HOUR_MS}000000`);
    const names = ids.map((id) => `consul-${id}.snap`);
    const [s3, gcs, azure] = servers;
    const local = join(folder.path, "local");
    await mkdir(local);
    await Promise.all([
      ...names.map((name) => writeFile(join(local, name), "")),
      s3.fill(names.map((name) => `consul-snapshot/${name}`)),
      gcs.fill(names),
      azure.fill(names),
    ]);
    for (const [name] of places()) received.set(name, ids);
  }

  for (const { form, text, hasLocal, pathStyle, hours, hoursLater } of [
    {
      form: "the present form",
      text: PRESENT_EXAMPLE,
      hasLocal: true,
      pathStyle: false,
      hours: 3,
      hoursLater: 0,
    },
    // A single local_storage does not count beside others. It goes on where the first one has ended, and is due at once.
    { form: "the form before 1.19", text: FORMER_EXAMPLE, hasLocal: false, pathStyle: true, hours: 2, hoursLater: 2 },
  ]) {
    it(`logs, names and retains as documented, in ${form}`, async () => {
      const clock = new ManualClock(new Date(Date.now() + hoursLater * HOUR_MS));
      const destinations = places().slice(hasLocal ? 0 : 1);
      // The documented variable; the form before 1.19 has no key for it.
      const env = { AWS_S3_ENDPOINT: `http://127.0.0.1:${servers[0].port}` };
      const written = placed(text);
      const styled = pathStyle
        ? written.replace('"s3_force_path_style": false', '"s3_force_path_style": true')
        : written;
      agent = await startSimulatedDaemon(styled, clock, { env });
      const { lines } = agent;
      const saved = (): RegExpMatchArray[] =>
        lines.flatMap((line) => [...line.matchAll(/Saved snapshot: id=(\d{19}) destination=(\S+)$/g)]);
      for (let hour = 0; hour < hours; hour++) {
        clock.passTo(hour);
        await eventually(`the snapshots of hour ${hour}`, () =>
          Promise.resolve(saved().length === (hour + 1) * destinations.length),
        );
      }
      for (const [at, pattern] of DOCUMENTED.entries()) expect(lines[at]).to.match(pattern);
      expect(lines).to.have.lengthOf(3 + hours * destinations.length);
      for (const [, id = "", name = ""] of saved()) received.set(name, [...(received.get(name) ?? []), id]);
      for (const place of destinations) {
        const ids = received.get(place[0]) ?? [];
        expect(ids).to.deep.equal([...new Set(ids)].sort());
        await expectArchives(place, ids.slice(-RETAIN));
      }
      const services = (await consul.api("/v1/agent/services")) as Record<string, { Service: string }>;
      expect(Object.values(services).map(({ Service }) => Service)).to.deep.equal(["consul-snapshot"]);
      const checks = Object.values(
        (await consul.api("/v1/agent/checks")) as Record<string, { Name: string; Status: string }>,
      );
      expect(checks.map(({ Name, Status }) => `${Name}: ${Status}`).sort()).to.deep.equal([
        "Consul Snapshot Agent Alive: passing",
        "Consul Snapshot Agent Saving Snapshots: passing",
      ]);
    });
  }
});
