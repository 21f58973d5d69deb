import { expect } from "chai";
import { openStore } from "../../../provider/store/backends";
import { parseLocation } from "../../../provider/store/location";
import { daysAgo, keepAt, pruneAfter } from "../../support/archives/prunedArchives";
import { memory } from "../../support/stores/memory";

describe("pruning where the target's name begins with a placeholder", () => {
  it("lists the whole bucket and warns of it, which a fixed folder avoids", async () => {
    const server = await memory.start();
    const store = await openStore(parseLocation(server.url("x.snap", "unbounded")));
    for (const [template, warnings, listed] of [
      ["{datacenter}/consul-{index}.snap", 1, ""],
      ["consul/{datacenter}/consul-{index}.snap", 0, "consul/"],
    ] as const) {
      const key = (index: number): string => template.replace("{datacenter}", "dc1").replace("{index}", String(index));
      await keepAt(store, key(1), { takenAt: daysAgo(2), index: 1 });
      const saved = await keepAt(store, key(2), { takenAt: daysAgo(1), index: 2 });
      const { pruned, said, asked } = await pruneAfter(store, template, saved, { keepLast: 1 });
      expect(pruned?.removed, template).to.equal(1);
      expect(asked.find(({ method }) => method === "list")?.key).to.equal(listed);
      expect(said.warn.filter((line) => line.includes("so the whole bucket is listed"))).to.have.lengthOf(warnings);
      expect(said.warn).to.have.lengthOf(warnings);
    }
  });
});
