import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { TRAPS } from "../fixtures/traps";
import { CONSUL_NAMES } from "../support/consul/consul";
import { askConsul } from "./differential";

const flags = { format: "json", kvdetails: false, kvdepth: 2, kvfilter: "" } as const;

// What the reader says of the same archives is in tests/unit/archive/reader.test.ts.
describe("the table of traps", function () {
  this.timeout(30_000);
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), "traps-"))));
  after(() => rm(folder, { recursive: true }));

  for (const binary of CONSUL_NAMES) {
    for (const { name, bytes, consul } of TRAPS) {
      it(`is right: ${binary} ${consul === undefined ? "takes" : "refuses"} ${name}`, async () => {
        const file = join(folder, "trap.snap");
        await writeFile(file, bytes);
        const answer = await askConsul(file, flags, binary);
        if (consul === undefined) expect(answer.kind).to.equal("printed");
        else expect(answer).to.have.property("reason").that.includes(consul);
      });
    }
  }
});
