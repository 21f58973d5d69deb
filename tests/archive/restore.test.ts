import { expect } from "chai";
import { restorableOn, type RestoreVerdict } from "../../provider/archive/restorable";
import type { ArchiveReport } from "../../provider/archive/reader";
import { SnapshotError } from "../../provider/errors";
import { archiveOf, metaJson } from "../fixtures/archive";
import { mutant } from "../fixtures/mutants";
import { Random } from "../fixtures/random";
import { readArchive } from "../fixtures/reading";
import { encodeRecord, keyValue, type StateRecord, stateOf, type Value } from "../fixtures/state";
import {
  CONSUL_NAMES,
  CONSUL_VERSIONS,
  type ConsulName,
  type ConsulServer,
  DEFAULT_CONSUL,
  startConsul,
  until,
} from "../support/consul/consul";
import { restore, snapshot, startFull } from "./everything";
import { startSeeds } from "./seeds";

function digestsOf({ state }: ArchiveReport): Record<string, string> {
  return Object.fromEntries(state.groups.map(({ type, digest }) => [type, digest]));
}

/** Servers write these by themselves: where they are, that they have spoken to a peer, and the indexes of both. */
const BY_THEMSELVES = ["CoordinateBatchUpdate", "Peering", "PeeringTrustBundle", "Index"];

function digestsThatStay(report: ArchiveReport): Record<string, string> {
  return Object.fromEntries(Object.entries(digestsOf(report)).filter(([type]) => !BY_THEMSELVES.includes(type)));
}

function judge(report: ArchiveReport, binary: ConsulName = DEFAULT_CONSUL): RestoreVerdict {
  return restorableOn(report, CONSUL_VERSIONS[binary])!;
}

describe("a restore, as the digests tell it", function () {
  this.timeout(120_000);

  for (const binary of CONSUL_NAMES) {
    it(`brings back every record of ${binary}, and nothing else`, async () => {
      const { server, stop } = await startFull(binary);
      const put = (path: string, body: unknown): Promise<unknown> => server.api(path, { method: "PUT", body });
      try {
        const archive = await snapshot(server);
        const before = await readArchive(archive);
        expect(judge(before, binary)).to.deep.include({ restorable: true, basis: "tried", problems: [] });

        await put("/v1/kv/new", "value");
        await server.api("/v1/kv/fill/0/1", { method: "DELETE" });
        await put("/v1/acl/policy", { Name: "new", Rules: "" });
        await put("/v1/config", { Kind: "service-defaults", Name: "new", Protocol: "http", Meta: { a: "1", b: "2" } });
        const changed = digestsOf(await readArchive(await snapshot(server)));
        for (const type of ["KVS", "Tombstone", "ACLPolicy", "ConfigEntry"]) {
          expect(changed[type]).not.to.equal(digestsOf(before)[type]);
        }

        expect(await restore(server, archive)).to.deep.equal({ status: 200, text: "" });
        await until("a leader", async () => ((await server.api("/v1/status/leader")) === "" ? undefined : true));
        const after = await readArchive(await snapshot(server));
        expect(digestsThatStay(after)).to.deep.equal(digestsThatStay(before));
        expect(digestsThatStay(after)).to.have.any.keys("KVS", "ConfigEntry", "ACLToken");
      } finally {
        await stop();
      }
    });
  }

  it("is the same whatever the order in which Go wrote the entries of its maps", async () => {
    const server = await startConsul();
    try {
      const meta = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`key-${i}`, "value"]));
      await server.api("/v1/config", { method: "PUT", body: { Kind: "service-defaults", Name: "web", Meta: meta } });
      const body = { Node: "n", Address: "10.0.0.1", NodeMeta: meta, Service: { Service: "web", Meta: meta } };
      await server.api("/v1/catalog/register", { method: "PUT", body });
      // A new leader writes by itself for a while.
      const reports = await until("three snapshots of one index", async () => {
        const taken: ArchiveReport[] = [];
        for (let i = 0; i < 3; i++) taken.push(await readArchive(await snapshot(server)));
        return new Set(taken.map(({ meta }) => meta.index)).size === 1 ? taken : undefined;
      });
      const [first, ...others] = reports as [ArchiveReport, ...ArchiveReport[]];
      for (const other of others) expect(digestsOf(other)).to.deep.equal(digestsOf(first));
    } finally {
      await server.stop();
    }
  });
});

/** A node that Consul considers alive. Another node cannot take its name. */
function registration(node: string, id: string): StateRecord {
  return { type: 0, value: { Address: "10.0.0.1", Check: serfHealth(node), Datacenter: "dc1", ID: id, Node: node } };
}

function serfHealth(node: string): Value {
  return { CheckID: "serfHealth", Name: "Serf", Node: node, ServiceID: "", Status: "passing" };
}

function peering(more: Buffer): StateRecord {
  const id = "75c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d11";
  return { type: 35, value: Buffer.concat([Buffer.from(`\x0a\x24${id}\x12\x01p`), more]) };
}

describe("a state that would kill a server", function () {
  this.timeout(120_000);
  const valid = stateOf([keyValue("app/a", "1"), keyValue("app/b", "2")]);
  const first = registration("\u00c91", "75c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d11");
  const twoNodes = stateOf([first, registration("\u00e91", "85c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d22")]);
  const cases: [string, Buffer, string, number][] = [
    ["a record of a type that nobody knows", stateOf([{ type: 111, value: {} }]), "STATE_UNKNOWN_RECORD", 14],
    ["a record of Consul Enterprise", stateOf([{ type: 65, value: "namespace" }]), "STATE_UNKNOWN_RECORD", 14],
    ["a record that is cut off", valid.subarray(0, -3), "STATE_UNDECODABLE", valid.length - 12],
    ["nothing at all", Buffer.alloc(0), "STATE_UNDECODABLE", 0],
    ["a key that is a number", stateOf([{ type: 2, value: { Key: 5 } }]), "STATE_UNDECODABLE", 14],
    ["a key without a name", stateOf([keyValue("", "1")]), "STATE_UNDECODABLE", 14],
    ["a peering whose second name is empty", stateOf([peering(Buffer.from("1200", "hex"))]), "STATE_UNDECODABLE", 14],
    [
      "a peering with a number of more than 64 bits",
      stateOf([peering(Buffer.from(`30${"ff".repeat(9)}7f`, "hex"))]),
      "STATE_UNDECODABLE",
      14,
    ],
    [
      "a peering with a field number above 2^29",
      stateOf([peering(Buffer.from("808080801001", "hex"))]),
      "STATE_UNDECODABLE",
      14,
    ],
    ["two nodes whose names differ in case", twoNodes, "STATE_UNDECODABLE", 14 + encodeRecord(first).length],
    ["text in place of a record", stateOf([{ type: 2, value: "text" }]), "STATE_UNDECODABLE", 14],
  ];
  for (const [name, state, code, offset] of cases) {
    it(`is valid, as Consul says, and not restorable, with code and place: ${name}`, async () => {
      const archive = archiveOf(state);
      const report = await readArchive(archive);
      const { restorable, problems } = judge(report);
      expect(restorable).to.equal(false);
      expect(problems.map(({ code, offset }) => ({ code, offset }))).to.deep.include({ code, offset });

      const server = await startConsul();
      try {
        expect(await restore(server, archive)).to.equal(undefined);
        await until("the server's death", () => Promise.resolve(server.running ? undefined : true));
        expect(server.log()).to.include("panic: failed to restore snapshot");
      } finally {
        await server.stop();
      }
    });
  }

  it("is not one that a write was under way in, although Consul's inspect cannot decode it", async () => {
    const chunk: Value = [{ Data: Buffer.alloc(9), NumChunks: 2, OpNum: 5, SequenceNum: 0, Term: 2 }];
    const chunking: StateRecord = { type: 29, value: { ChunkMap: new Map<Value, Value>([[5, chunk]]) } };
    const archive = archiveOf(stateOf([keyValue("a", "1")], 20, [chunking]));
    expect(judge(await readArchive(archive)).restorable).to.equal(true);
    const server = await startConsul();
    try {
      expect((await restore(server, archive))?.status).to.equal(200);
      expect(server.running).to.equal(true);
    } finally {
      await server.stop();
    }
  });

  it("is refused by a server whose meta.json does not fit it, and said to be", async () => {
    const server = await startConsul();
    try {
      for (const meta of [metaJson(valid.length + 1), metaJson(valid.length, { Version: 0 })]) {
        const archive = archiveOf(valid, meta);
        expect(judge(await readArchive(archive)).problems.map(({ code }) => code)).to.deep.equal(["ARCHIVE_MALFORMED"]);
        expect((await restore(server, archive))?.status).to.equal(500);
      }
    } finally {
      await server.stop();
    }
  });
});

describe("a sample of archives made wrong by chance, given to real servers", function () {
  this.timeout(300_000);
  const SAMPLE = 60;

  it("is refused before it is decoded exactly where it is not valid, and survived where it is restorable", async () => {
    const seeds = await startSeeds();
    const seed = 20261124;
    const counts = { refused: 0, failed: 0, restored: 0 };
    let server: ConsulServer | undefined;
    try {
      for (let index = 0; index < SAMPLE; index++) {
        const { layer, bytes } = mutant(new Random(seed + index), seeds);
        const report = await readArchive(bytes).catch((error: unknown) => error);
        // A count that lies makes a server ask for all memory there is: the table above has what it does with the rest.
        if (!(report instanceof Error) && (report as ArchiveReport).state.undecodable !== undefined) continue;
        // What only a limit of ours refuses, Consul, which has none, may well restore.
        if (report instanceof SnapshotError && report.code === "ARCHIVE_TOO_LARGE") continue;
        server ??= await startConsul();
        const answer = await restore(server, bytes);
        const what = `mutant ${seed + index} (${layer}): ${JSON.stringify(answer)}`;
        const refused = answer?.status === 500 && !answer.text.includes("Raft error when restoring snapshot");
        if (report instanceof SnapshotError) {
          expect(refused, what).to.equal(true);
          counts.refused += 1;
        } else {
          expect(refused, what).to.equal(false);
          if (answer?.status === 200) counts.restored += 1;
          else counts.failed += 1;
          expect(answer?.status === 200, what).to.equal(judge(report as ArchiveReport).restorable);
        }
        if (answer === undefined) {
          await server.stop();
          server = undefined;
        }
      }
      // Else the sample would say nothing.
      for (const count of Object.values(counts)) expect(count).to.be.above(0);
    } finally {
      await server?.stop();
    }
  });
});
