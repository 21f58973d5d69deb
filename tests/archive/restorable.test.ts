import { expect } from "chai";
import { readArchive, walk } from "../fixtures/reading";
import { restorableOn } from "../../provider/archive/restorable";
import { bodyOf, typeName, whyKindNotRestored, whyNotRestored } from "../../provider/archive/recordTypeLookup";
import { OLDEST } from "../../provider/archive/recordTypes";
import { parseVersion } from "../../provider/archive/version";
import { archiveOf } from "../fixtures/archive";
import { mutantsOf, type RecordMutant } from "../fixtures/recordMutants";
import {
  CRASHING_WITHOUT_PARTITIONS,
  CRASHING_WITHOUT_PEERS,
  KEPT,
  LEADERLESS,
  MERGED,
  type RecordPair,
  REPLACED,
} from "../fixtures/recordPairs";
import { CHUNKING, encode, encodeRecord, stateOf } from "../fixtures/state";
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
import { restore, snapshot } from "./everything";

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
  /** @param acl - whether it has ACLs */
  constructor(
    private readonly binary: ConsulName,
    private readonly acl = false,
  ) {}

  /** Whether the server confirms the restore, lives on, and leads. */
  survives(mutants: readonly RecordMutant[]): Promise<boolean> {
    return this.survivesState(stateOfRecords(mutants));
  }

  /** The same for a whole state. */
  async survivesState(state: Buffer): Promise<boolean> {
    this.server ??= await startConsul({ binary: this.binary, acl: this.acl });
    return this.survivesArchive(this.server, archiveOf(state));
  }

  /** Whether the server that has survived can restore the snapshot that it saves then. */
  async survivesItself(): Promise<boolean> {
    const server = this.survivor();
    return this.survivesArchive(server, await snapshot(server));
  }

  /** The state of the server that has survived. */
  async state(): Promise<ReturnType<typeof walk>> {
    return (await readArchive(await snapshot(this.survivor()))).state;
  }

  async stop(): Promise<void> {
    await this.server?.stop();
    this.server = undefined;
  }

  private survivor(): ConsulServer {
    if (this.server === undefined) throw new Error("no server has survived");
    return this.server;
  }

  private async survivesArchive(server: ConsulServer, archive: Buffer): Promise<boolean> {
    const answer = await restore(server, archive);
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

describe("the verdict on records that only their place distinguishes, against real servers", function () {
  this.timeout(effort.choose(3, 10) * 60_000);
  for (const binary of BINARIES) {
    const version = CONSUL_VERSIONS[binary];
    const hasPeers = binary !== "consul-1.12";
    const verdict = async (state: Buffer) => restorableOn(await readArchive(archiveOf(state)), version);
    const stateOfPairs = (pairs: readonly RecordPair[]): Buffer => stateOf(pairs.flatMap(({ records }) => records));

    it(`crashes ${binary} where nodes lose it`, async () => {
      const restorer = new Restorer(binary);
      const kept = hasPeers ? CRASHING_WITHOUT_PEERS : [];
      const crashing = [...CRASHING_WITHOUT_PARTITIONS, ...(hasPeers ? [] : CRASHING_WITHOUT_PEERS)];
      try {
        for (const { name, records } of kept) {
          expect((await verdict(stateOf(records)))?.basis, name).to.equal("tried");
          expect(await restorer.survivesState(stateOf(records)), name).to.equal(true);
        }
        for (const { name, records } of crashing) {
          expect((await verdict(stateOf(records)))?.restorable, name).to.equal(false);
          expect(await restorer.survivesState(stateOf(records)), name).to.equal(false);
        }
      } finally {
        await restorer.stop();
      }
    });

    it(`is lost without an error on ${binary}, and records of the same name with it`, async () => {
      const pairs = [...MERGED, ...REPLACED, ...KEPT];
      for (const { name, records } of pairs) {
        expect((await verdict(stateOf(records)))?.knownBy, name).to.include("which Community Edition drops");
      }
      const restorer = new Restorer(binary);
      try {
        expect(await restorer.survivesState(stateOfPairs(pairs))).to.equal(true);
        const { groups } = await restorer.state();
        const types = new Set([...REPLACED, ...KEPT].flatMap(({ records }) => records.map(({ type }) => type)));
        for (const type of types) {
          const count = ({ records }: RecordPair): number => records.filter((record) => record.type === type).length;
          const sum = (of: readonly RecordPair[]): number => of.reduce((total, one) => total + count(one), 0);
          const found = groups.find(({ code }) => code === type)?.count;
          expect(found, typeName(type)).to.equal(sum(REPLACED) / 2 + sum(KEPT));
        }
      } finally {
        await restorer.stop();
      }
    });

    it(`crashes ${binary} with its next snapshot where a NUL character makes names of nodes ambiguous`, async () => {
      const node = (Node: string) => ({ Node, Address: "10.0.0.1", Check: { Node, CheckID: "c", Status: "passing" } });
      const state = stateOf(["a", "a\0"].map((name) => ({ type: 0, value: node(name) })));
      expect((await verdict(state))?.restorable).to.equal(false);
      const restorer = new Restorer(binary);
      try {
        expect(await restorer.survivesState(state)).to.equal(true);
        expect(await restorer.survivesItself()).to.equal(false);
      } finally {
        await restorer.stop();
      }
    });

    it(`leaves ${binary} with ACLs without a leader where policies lose it`, async () => {
      const restorer = new Restorer(binary, true);
      try {
        for (const { name, records } of effort.choose(LEADERLESS.slice(-1), LEADERLESS)) {
          expect((await verdict(stateOf(records)))?.restorable, name).to.equal(false);
          expect(await restorer.survivesState(stateOf(records)), name).to.equal(false);
        }
      } finally {
        await restorer.stop();
      }
    });
  }
});
