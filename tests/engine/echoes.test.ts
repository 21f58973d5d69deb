import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { archiveOf } from "../fixtures/archive";
import { keyValue, stateOf } from "../fixtures/state";
import { CREDENTIALS, ECHOED, echoesOf, echoNumber, STORE_ENVIRONMENT } from "../support/faults/echoes";
import { CONSUL_WAYS, consulWay, echoingConsul, isRefusal } from "../support/faults/echoingConsul";
import { echoingStore, STORE_FORMS, STORE_WAYS } from "../support/faults/echoingStore";
import { lyingConsul } from "../support/faults/lyingConsul";
import { secretSearch } from "../support/faults/spellings";
import { command } from "../support/programs/command";
import { PulumiProject } from "../support/pulumi/project";

/** Each snapshot, lookup and restore meets another way in which a server repeats secrets. */
const PROGRAM = `
const fs = require("node:fs");
const { consuls, restored, stores, honest } = JSON.parse(env.SERVERS);
const to = (address) => ({
  address,
  token: env.TOKEN,
  httpAuth: env.AUTH,
  headers: [{ name: "X-Route", value: pulumi.output(env.ROUTE) }],
});
consuls.forEach((address, at) => {
  new ConsulSnapshot("consul-" + at, { target: "./backups/" + at + "/", connection: to(address), triggers: [env.TRIGGER] });
});
restored.forEach((address, at) => {
  new ConsulSnapshotRestore("restore-" + at, {
    runId: "once",
    validUntil: "2099-01-01T00:00:00Z",
    source: "./archive.snap",
    safetySnapshot: { target: "./before/" },
    allow: ["otherDatacenter", "otherCluster", "otherVersion"],
    connection: to(address),
  });
});
stores.forEach((target, at) => {
  new ConsulSnapshot("store-" + at, { target, connection: to(honest), triggers: [env.TRIGGER] });
  ConsulSnapshot.get("found-" + at, target.replace("/backups/", "/archive.snap"));
});
`;

const shownSecrets = secretSearch(ECHOED);

describe("servers that repeat secrets, in a real engine and in the command,", function () {
  this.timeout(300_000);

  it("get none of them into state, its backups, the output, a manifest, a receipt or a temporary file", async () => {
    const archive = archiveOf(stateOf([keyValue("app/a", "1")]));
    const [honest, consul, ...buckets] = await Promise.all([
      lyingConsul((response, headers) => response.writeHead(200, headers).end(archive)),
      echoingConsul(echoesOf(CONSUL_WAYS)),
      ...STORE_FORMS.map((form) => echoingStore(form, echoesOf(STORE_WAYS))),
    ]);
    const ways = (count: number): number[] => Array.from({ length: count }, (_, way) => echoNumber(way, count));
    const consuls = ways(CONSUL_WAYS).map((number) => consul.at(number));
    // A server that answers nothing rightly is observed for as long as an unstable cluster.
    const restored = consuls.filter((_, way) => consulWay(way) === "403" || !isRefusal(way));
    const stores = buckets.flatMap((bucket) => ways(STORE_WAYS).map((number) => bucket.url(number, "backups/")));
    const project = await PulumiProject.create(PROGRAM, {
      env: {
        ...STORE_ENVIRONMENT,
        SERVERS: JSON.stringify({ consuls, restored, stores, honest: honest.address }),
        TOKEN: CREDENTIALS.token,
        AUTH: CREDENTIALS.httpAuth,
        ROUTE: CREDENTIALS.route,
      },
    });
    try {
      await writeFile(project.path("archive.snap"), archive);
      const texts: string[] = [];
      const run = async (args: readonly string[], env: Record<string, string>): Promise<void> => {
        texts.push((await project.run(args, env)).text);
      };
      const up = ["up", "--yes", "--skip-preview", "--continue-on-error"];
      await run(up, { TRIGGER: "1" });
      const resources = await project.resources();
      expect(resources, "snapshots that a server without errors let succeed").to.not.be.empty;
      await run(["preview", "--diff"], { TRIGGER: "2" });
      await run(["refresh", "--yes", "--skip-preview"], { TRIGGER: "1" });
      await run([...up, "--refresh"], { TRIGGER: "2" });

      const env = {
        ...STORE_ENVIRONMENT,
        CONSUL_HTTP_TOKEN: CREDENTIALS.token,
        CONSUL_HTTP_AUTH: CREDENTIALS.httpAuth,
      };
      // The command has no option for headers, so that a server cannot know this one from it.
      const shownByCommand = secretSearch(
        Object.fromEntries(Object.entries(ECHOED).filter(([name]) => name !== "route")),
      );
      const everyFourth = (_: string, at: number): boolean => at % 4 === 0;
      for (const args of [
        ...consuls.filter(everyFourth).map((address) => ["save", project.path("saved/"), "--http-addr", address]),
        ...stores.filter(everyFourth).map((target) => ["list", target, "--format", "json"]),
      ]) {
        const { out, err } = await command(args, { env });
        expect(shownByCommand(out + err), args.join(" ")).to.deep.equal([]);
      }

      for (const text of texts) expect(shownSecrets(text), text.slice(0, 500)).to.deep.equal([]);
      const entries = await readdir(project.dir, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"));
      for (const kind of [/^dev\.json$/, /\.manifest\.json$/, /\.receipt\.json$/]) {
        expect(
          files.some(({ name }) => kind.test(name)),
          String(kind),
        ).to.equal(true);
      }
      for (const { name, parentPath } of files) {
        const path = join(parentPath, name);
        expect(shownSecrets(`${path}\n${await readFile(path, "utf8")}`), path).to.deep.equal([]);
      }
    } finally {
      await project.remove();
      await Promise.all([honest, consul, ...buckets].map((server) => server.stop()));
    }
  });
});
