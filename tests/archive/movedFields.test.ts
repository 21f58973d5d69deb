import { readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { computedFieldsOfKind, KIND_ROWS } from "../../provider/archive/recordTypeLookup";
import { consulArchive } from "../fixtures/consulArchives";
import {
  CONSUL_NAMES,
  CONSUL_VERSIONS,
  type ConsulName,
  type ConsulServer,
  DEFAULT_CONSUL,
  startConsul,
  until,
} from "../support/consul/consul";
import { fillMesh, registerSidecar } from "../support/consul/fillMesh";
import { effort } from "../support/effort";
import { restore, snapshot, startFull } from "./everything";
import { movedFields, type Moves } from "./movedFields";

/** Each costs two or three servers. */
const RESTORES = effort.choose<readonly (readonly [ConsulName, ConsulName])[]>(
  [[DEFAULT_CONSUL, DEFAULT_CONSUL]],
  [
    ...CONSUL_NAMES.map((name) => [name, name] as const),
    ["consul-1.12", DEFAULT_CONSUL],
    ["consul-1.13", DEFAULT_CONSUL],
  ],
);

const PAIRS = [
  ["1.14-mesh-gateway-late-sidecar", "1.14.11"],
  ["1.22-api-gateway", "1.22.0"],
  ["1.22-api-gateway-and-route", "1.22.0"],
  ["1.22-mesh-gateway-early-sidecar", "1.22.0"],
] as const;

/** A leader of another cluster and version writes its own token, and its built-in policies in its own wording. */
const WRITTEN_BY_ANOTHER = /^(ACLToken |ACLPolicy 00000000-0000-0000-0000-00000000000[12]$)/;

const PAGE = readFileSync(path.resolve(__dirname, "../../docs/reference/consul-versions.md"), "utf8");

describe("the fields that move in an honest restore", function () {
  this.timeout(300_000);

  for (const [from, to] of RESTORES) {
    it(`are known, and on the page: an archive of ${from} on ${to}`, async () => {
      const { server, stop } = await startFull(from);
      let target: ConsulServer | undefined;
      try {
        await fillMesh(server, CONSUL_VERSIONS[from]);
        const archive = await snapshot(server);
        target = from === to ? server : await startConsul({ binary: to, acl: true });
        await registerSidecar(target, "web");
        expect(await restore(target, archive)).to.deep.include({ status: 200 });
        // The token of its configuration, which is not in an archive of others, is made again at the election.
        await until("the sidecar", async () => (await registerSidecar(target!, "web"), true));
        const moves = await movedFields(archive, await snapshot(target));
        expectKnown(moves);
        expect(moves.others.filter((id) => from === to || !WRITTEN_BY_ANOTHER.test(id))).to.deep.equal([]);
        expectRow(CONSUL_VERSIONS[from], CONSUL_VERSIONS[to], moves);
      } finally {
        await target?.stop();
        await stop();
      }
    });
  }

  it("are known, and on the page: pairs of archives of 1.14 and 1.22", async () => {
    const moved = new Map<string, Set<string>>();
    for (const [name, version] of PAIRS) {
      const moves = await movedFields(
        consulArchive(`restored-${name}-before`),
        consulArchive(`restored-${name}-after`),
      );
      expectKnown(moves);
      expect(moves.others).to.deep.equal([]);
      const fields = moved.get(version) ?? new Set();
      moved.set(version, fields);
      for (const field of moves.fields) fields.add(field);
    }
    expectRow("1.22.0", "1.22.0", { fields: [...(moved.get("1.22.0") ?? [])].sort(), rewritten: [] });
    // Nothing is left out of a comparison that was not seen to move, or is on the page with its source.
    const seen = [...moved.values()].flatMap((fields) => [...fields]);
    for (const kind of KIND_ROWS.keys()) {
      for (const field of computedFieldsOfKind(kind) ?? []) {
        const isSeen = seen.some((one) => new RegExp(`: ${field.join("\\.")}(\\.|$)`).test(one));
        const isOnPage = PAGE.includes(`| \`${field.join(".")}\` of ${kind}`);
        expect(isSeen || isOnPage, `${kind}: ${field.join(".")}`).to.equal(true);
      }
    }
  });
});

function expectKnown({ fields }: Moves): void {
  const unknown = fields.filter((field) => {
    const [kind = "", moved = ""] = field.split(": ");
    return !computedFieldsOfKind(kind)?.some((known) => `${moved}.`.startsWith(`${known.join(".")}.`));
  });
  expect(unknown).to.deep.equal([]);
}

/** The page's table has a row for each restore. */
function expectRow(from: string, to: string, { fields, rewritten }: Pick<Moves, "fields" | "rewritten">): void {
  const moved = [...fields, ...rewritten].map((name) => `\`${name}\``).join(", ");
  expect(PAGE).to.include(`| ${from} | ${to} | ${moved === "" ? "nothing" : moved} |`);
}
