import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { readArchive } from "../fixtures/reading";
import { archiveOf, metaJson } from "../fixtures/archive";
import { seedOf } from "../fixtures/mutants";
import { keyValue, type StateRecord, stateOf } from "../fixtures/state";
import { CONSUL_NAMES } from "../support/consul/consul";
import { askConsul, askOurs, type Flags } from "./differential";
import { PROVOKED, snapshot, startFull } from "./everything";

const FLAGS: readonly Flags[] = (["pretty", "json"] as const).flatMap((format) => [
  { format, kvdetails: false, kvdepth: 2, kvfilter: "" },
  { format, kvdetails: true, kvdepth: 2, kvfilter: "" },
  { format, kvdetails: true, kvdepth: 1, kvfilter: "" },
  { format, kvdetails: true, kvdepth: 0, kvfilter: "" },
  { format, kvdetails: true, kvdepth: 100, kvfilter: "fill/" },
  { format, kvdetails: true, kvdepth: 2, kvfilter: "there is none" },
]);

/** Both commands print the same, whatever they are asked. */
async function expectSame(file: string): Promise<void> {
  for (const flags of FLAGS) {
    const [theirs, ours] = await Promise.all([askConsul(file, flags), askOurs(file, flags)]);
    if (theirs.kind !== "printed" || ours.kind !== "printed") throw new Error(JSON.stringify([flags, theirs, ours]));
    expect(ours.output.toString("latin1")).to.equal(theirs.output.toString("latin1"));
  }
}

describe("inspect, beside the real one", function () {
  this.timeout(120_000);
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), "inspect-"))));
  after(() => rm(folder, { recursive: true }));

  async function fileOf(bytes: Buffer): Promise<string> {
    const file = join(folder, "archive.snap");
    await writeFile(file, bytes);
    return file;
  }

  for (const binary of CONSUL_NAMES) {
    it(`prints the same of a server of ${binary} with every kind of record`, async () => {
      const { server, stop } = await startFull(binary);
      try {
        const archive = await snapshot(server);
        const { state } = await readArchive(archive);
        expect(state).not.to.have.any.keys("undecodable", "misshapen", "keyless");
        expect(state.groups.map(({ type }) => type)).to.have.members(PROVOKED[binary]);
        await expectSame(await fileOf(archive));

        const raw = join(folder, binary);
        await mkdir(raw);
        const members = seedOf(archive);
        await writeFile(join(raw, "meta.json"), members.meta);
        await writeFile(join(raw, "State.bin"), members.state);
        await expectSame(join(raw, "State.bin"));
      } finally {
        await stop();
      }
    });
  }

  it("prints the same of keys of any bytes", async () => {
    const keys = [
      "a/tab\there",
      "a/line\nbreak",
      "a/form\ffeed",
      "a\vb/c",
      "é/ü",
      "日本/語",
      "😀/x",
      '<b>&"\\/\u2028\u2029',
      "\u0000\u0001\u007f/\b",
      "",
      "/",
      "//",
      "a much longer prefix than the others/with more",
    ];
    const odd = [
      Buffer.from([0xff, 0x61, 0x09, 0x62, 0xff, 0x2f, 0x63]),
      Buffer.from([0xff, 0x61, 0x09]),
      Buffer.from([0xc3, 0x28, 0xe2, 0x82, 0xf0, 0x9f, 0x98, 0xed, 0xa0, 0x80]),
    ];
    for (const extra of odd) {
      const records = [...keys.map((key) => Buffer.from(key)), extra].map((key, i): StateRecord => {
        const { value } = keyValue("", "x".repeat(i * 7));
        return { type: 2, value: { ...(value as object), Key: key } };
      });
      await expectSame(await fileOf(archiveOf(stateOf(records))));
    }
  });

  it("prints the same of sizes between units, of equal sizes, and of types without a name", async () => {
    const types = [0, 1, 3, 17, 35, 37, 40, 41, 42, 43, 44, 45, 63, 64, 65, 111, 255];
    const records = types.map((type): StateRecord => ({ type, value: "same size" }));
    for (const size of [900, 1023, 1024, 1178, 1280, 1281, 1331, 10_000, 1_048_575, 1_100_000, 1_310_720]) {
      await expectSame(await fileOf(archiveOf(stateOf([...records, keyValue("key", Buffer.alloc(size))]))));
    }
  });

  it("prints the same of a state without records", async () => {
    await expectSame(await fileOf(archiveOf(stateOf([], 5, []))));
  });

  it("prints the same of numbers beyond 2^53 and of an odd name in meta.json", async () => {
    const meta = metaJson(5)
      .toString()
      .replace('"Index":1182', '"Index":18446744073709551615')
      .replace('"2-1182', '"<\\t\\u00e9\\ud83d');
    await expectSame(await fileOf(archiveOf(stateOf([]), Buffer.from(meta))));
  });
});
