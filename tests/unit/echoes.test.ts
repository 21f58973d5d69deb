import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { describePlan } from "../../cli/restore/plan";
import type { ConnectionArgs } from "../../provider/consul/connection";
import { SnapshotError } from "../../provider/errors";
import { planData } from "../../provider/restore/planData";
import { registerEnvironment } from "../../provider/text";
import { archiveOf } from "../fixtures/archive";
import { keyValue, stateOf } from "../fixtures/state";
import { effort } from "../support/effort";
import { CREDENTIALS, ECHOED, echoCount, echoesOf, STORE_ENVIRONMENT } from "../support/faults/echoes";
import { CONSUL_WAYS, consulWay, echoingConsul } from "../support/faults/echoingConsul";
import { echoingStore, STORE_FORMS, STORE_WAYS } from "../support/faults/echoingStore";
import { secretSearch } from "../support/faults/spellings";
import { lyingConsul } from "../support/faults/lyingConsul";
import { planFrom } from "../support/programs/restoring";
import { type Said, saveTo, temporaryFolder } from "../support/programs/saving";
import { bytesAt, names } from "../support/stores/objects";

/** All that a user or a program could see of a failure; its cause is for a debugger only. */
function shown(error: unknown): string {
  if (!(error instanceof SnapshotError)) throw error;
  return [
    error.code,
    error.message,
    error.hint,
    JSON.stringify(error.details),
    String(error),
    JSON.stringify(error),
  ].join("\n");
}

const spoken = ({ status, info, warn }: Said): string => [...status, ...info, ...warn].join("\n");

/** Not a multiple of the number of a server's ways: each way comes with some of the spellings, or with all. */
const STEP = effort.choose(5, 1);
const shownSecrets = secretSearch(ECHOED);

describe("a server that repeats secrets in its answers, each in each spelling,", function () {
  this.timeout(120_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let environment: NodeJS.ProcessEnv;
  before(() => {
    environment = { ...process.env };
    Object.assign(process.env, STORE_ENVIRONMENT);
    registerEnvironment(process.env);
  });
  after(() => {
    process.env = environment;
  });
  beforeEach(async () => (folder = await temporaryFolder()));
  afterEach(() => folder.remove());

  const to = (address: string): ConnectionArgs => ({
    address,
    token: CREDENTIALS.token,
    httpAuth: CREDENTIALS.httpAuth,
    headers: [{ name: "X-Route", value: CREDENTIALS.route }],
  });

  function expectNone(what: string, text: string): void {
    expect(shownSecrets(text), `${what}: ${text}`).to.deep.equal([]);
  }

  /** Everything that saves have left in the folder but the archives; the names of all. */
  async function written(): Promise<string> {
    const entries = await readdir(folder.path, { recursive: true, withFileTypes: true });
    const parts = entries.map(async (entry) => {
      const isText = entry.isFile() && !entry.name.endsWith(".snap");
      return `${entry.name}\n${isText ? await readFile(join(entry.parentPath, entry.name), "utf8") : ""}`;
    });
    return (await Promise.all(parts)).join("\n");
  }

  it("gets none of them into an error, a message or a manifest: Consul and its proxies", async () => {
    const consul = await echoingConsul(echoesOf(CONSUL_WAYS));
    const ended = { saved: 0, failed: 0 };
    try {
      for (let number = 0; number < echoCount(CONSUL_WAYS); number += STEP) {
        const what = `${consulWay(number)}, ${number}`;
        const text = await saveTo(`${folder.path}/`, to(consul.at(number))).then(
          ({ saved, said }) => {
            ended.saved++;
            return JSON.stringify(saved) + spoken(said);
          },
          (error: unknown) => {
            ended.failed++;
            return shown(error);
          },
        );
        expectNone(`save, ${what}`, text);
      }
      expectNone("what the saves have written", await written());
      expect(ended.saved, "saves that a server without errors let succeed").to.be.at.least(7);
      expect(ended.failed).to.be.at.least(10 * 7);
    } finally {
      await consul.stop();
    }
  });

  it("gets none of them into the plan of a restore: Consul and its proxies", async () => {
    const consul = await echoingConsul(echoesOf(CONSUL_WAYS));
    const archive = join(folder.path, "archive.snap");
    await writeFile(archive, archiveOf(stateOf([keyValue("app/a", "1")])));
    try {
      for (let number = 0; number < echoCount(CONSUL_WAYS); number += 3 * STEP) {
        const limits = { observation: { stableMs: 1, limitMs: 1 } };
        const text = await planFrom(archive, to(consul.at(number)), { limits }).then((plan) => {
          const refusal = "refusal" in plan ? plan.refusal : undefined;
          const texts = [describePlan(plan, new Date()), JSON.stringify(planData(plan, "a run"))];
          return [...texts, refusal === undefined ? "" : shown(refusal)].join("\n");
        }, shown);
        expectNone(`plan, ${consulWay(number)}, ${number}`, text);
      }
    } finally {
      await consul.stop();
    }
  });

  for (const form of STORE_FORMS) {
    it(`gets none of them into an error, whatever is done: ${form.name}`, async () => {
      const archive = archiveOf(stateOf([keyValue("app/a", "1")]));
      const consul = await lyingConsul((response, headers) => response.writeHead(200, headers).end(archive));
      const store = await echoingStore(form, echoesOf(STORE_WAYS));
      let failed = 0;
      try {
        for (let number = 0; number < echoCount(STORE_WAYS); number++) {
          // The ways of a server are no multiple of these: each comes with each.
          const works = [
            () => saveTo(store.url(number, "backups/"), { address: consul.address }),
            () => bytesAt(store.url(number, "archive.snap")),
            () => names(store.url(number, "backups/")),
          ];
          const text = await works[number % works.length]?.().then(() => undefined, shown);
          if (text === undefined) continue;
          failed++;
          expectNone(`work ${number % works.length}, number ${number}`, text);
        }
        expect(failed).to.be.at.least(echoCount(STORE_WAYS) / 2);
      } finally {
        await store.stop();
        await consul.stop();
      }
    });
  }
});
