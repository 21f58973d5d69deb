import { expect } from "chai";
import { readArchive, walk } from "../fixtures/reading";
import { restorableOn } from "../../provider/archive/restorable";
import { bodyOf, typeName, whyKindNotRestored, whyNotRestored } from "../../provider/archive/recordTypeLookup";
import { OLDEST } from "../../provider/archive/recordTypes";
import { parseVersion } from "../../provider/archive/version";
import { archiveOf } from "../fixtures/archive";
import { mutantsOf, type RecordMutant } from "../fixtures/recordMutants";
import { CHUNKING, encode, encodeRecord } from "../fixtures/state";
import {
  CONSUL_NAMES,
  CONSUL_VERSIONS,
  type ConsulName,
  type ConsulServer,
  DEFAULT_CONSUL,
  startConsul,
  until,
} from "../support/consul/consul";
import { effort } from "../support/effort";
import { restore } from "./everything";

/** Each takes some minutes of a processor. */
const BINARIES = effort.choose<readonly ConsulName[]>([DEFAULT_CONSUL], CONSUL_NAMES);
/** How many of the archives that would crash a server are given to one, for each binary; all with `--full`. */
const CRASHES = effort.choose(6, 200);

/** Newer records are those of versions that are no tools of this project. */
const TYPES = Array.from({ length: 41 }, (_, type) => type).filter((type) => bodyOf(type) !== undefined);

function stateOfRecords(mutants: readonly RecordMutant[]): Buffer {
  return Buffer.concat([encode({ LastIndex: 1182 }), ...mutants.map(({ record }) => record), encodeRecord(CHUNKING)]);
}

/** A server, started again whenever it has crashed. */
class Restorer {
  private server: ConsulServer | undefined;
  constructor(private readonly binary: ConsulName) {}

  /** Whether the server confirms the restore, lives on, and leads. */
  async survives(mutants: readonly RecordMutant[]): Promise<boolean> {
    this.server ??= await startConsul({ binary: this.binary });
    const { server } = this;
    const answer = await restore(server, archiveOf(stateOfRecords(mutants)));
    const outcome = await until("the server to lead or to crash", async () => {
      // A server that refuses the restore gives up its leadership: "failed to establish leadership".
      if (!server.running || answer?.status !== 200) return "failed";
      // An election follows the restore; a read that must be consistent is answered when it is over.
      const read = await server.fetch("/v1/kv/ready?consistent").catch(() => undefined);
      await read?.arrayBuffer();
      return read?.status === 404 ? "leads" : undefined;
    });
    if (outcome === "leads") return true;
    await this.stop();
    return false;
  }

  async stop(): Promise<void> {
    await this.server?.stop();
    this.server = undefined;
  }
}

/** Those that a server does not survive by themselves. */
async function crashing(restorer: Restorer, mutants: readonly RecordMutant[]): Promise<string[]> {
  if (mutants.length === 0 || (await restorer.survives(mutants))) return [];
  const [only] = mutants;
  if (mutants.length === 1 && only !== undefined) return [only.name];
  const half = Math.ceil(mutants.length / 2);
  return [...(await crashing(restorer, mutants.slice(0, half))), ...(await crashing(restorer, mutants.slice(half)))];
}

describe("the verdict on each field of each record type, against real servers", function () {
  this.timeout(effort.choose(15, 60) * 60_000);
  for (const binary of BINARIES) {
    const version = CONSUL_VERSIONS[binary];
    const numbers = parseVersion(version) ?? OLDEST;
    it(`calls no archive restorable that crashes ${binary}`, async () => {
      const valid = await readArchive(archiveOf(stateOfRecords([])));
      const restorer = new Restorer(binary);
      const counts = { restorable: 0, crashing: 0, notRestorable: 0, tried: 0, survived: 0 };
      const wrong: string[] = [];
      try {
        for (const type of TYPES) {
          const good: RecordMutant[] = [];
          const bad: RecordMutant[] = [];
          // Of kinds that the version does not have, one is as good as another.
          const hasKind = (kind: string): boolean => whyKindNotRestored(kind, numbers, false) === undefined;
          for (const mutant of mutantsOf(type, hasKind)) {
            // What is around the state is the same for all, so only the state is read again.
            const state = walk(stateOfRecords([mutant]));
            const report = { ...valid, state };
            (restorableOn(report, version)?.restorable === true ? good : bad).push(mutant);
          }
          counts.restorable += good.length;
          counts.notRestorable += bad.length;
          const crashes = await crashing(restorer, good);
          counts.crashing += crashes.length;
          wrong.push(...crashes.slice(0, 20));
          for (const mutant of bad.filter((_, at) => at % Math.ceil((bad.length * TYPES.length) / CRASHES) === 0)) {
            counts.tried += 1;
            if (await restorer.survives([mutant])) counts.survived += 1;
          }
          const isKnown = whyNotRestored(type, numbers, false) === undefined;
          expect(good.length > 0, `${typeName(type)}: some are restorable`).to.equal(isKnown);
        }
      } finally {
        await restorer.stop();
      }
      console.log(`      ${binary}: ${JSON.stringify(counts)}`);
      expect(wrong).to.deep.equal([]);
    });
  }
});
