import { expect } from "chai";
import { UNKNOWN } from "../../../../provider/lifecycle";
import { anotherCluster, isOfAnotherCluster } from "../../../../provider/resources/snapshot/anotherCluster";
import { Replacements } from "../../../../provider/resources/snapshot/replacements";

describe("what a run knows of replacements", () => {
  it("an archive is unsaved from the comparison until its replacement is saved, and only then", () => {
    const replacements = new Replacements();
    expect(replacements.isUnsaved("urn a", "/a.snap"), "destroyed").to.equal(false);
    replacements.compare("urn a", "/a.snap", { index: 1 }, { triggers: ["1"] });
    expect(replacements.isUnsaved("urn a", "/a.snap"), "compared by a refresh, then destroyed").to.equal(false);
    expect(replacements.compare("urn c", "/c.snap", {}, { triggers: [UNKNOWN] }), "depends on a replaced one").to.equal(
      true,
    );
    expect(replacements.isUnsaved("urn c", "/c.snap")).to.equal(true);
    for (const resource of ["urn a", "urn b"]) replacements.check(resource);
    replacements.compare("urn a", "/a.snap", { index: 1 }, { triggers: ["1"] });
    replacements.compare("urn b", "/b.snap", { index: 2 }, { triggers: ["1"] });
    expect(replacements.isUnsaved("urn a", "/a.snap")).to.equal(true);
    expect(replacements.save("urn b")).to.deep.equal({ index: 2 });
    expect(replacements.isUnsaved("urn a", "/a.snap"), "of another resource").to.equal(true);
    expect(replacements.save("urn a")).to.deep.equal({ index: 1 });
    expect(replacements.isUnsaved("urn a", "/a.snap")).to.equal(false);
    expect(replacements.save("urn of a new resource")).to.equal(undefined);
  });
  it("whether a snapshot has failed: another one's deletion may be that of its predecessor", () => {
    const replacements = new Replacements();
    expect(replacements.reasonToStay("urn old", "/a.snap")).to.equal(undefined);
    replacements.fail();
    expect(replacements.reasonToStay("urn old", "/a.snap")).to.equal("a snapshot of this run has failed");
  });

  it("whether the new snapshot takes the place of the one before, under whatever name", () => {
    const replacements = new Replacements();
    replacements.check("urn new");
    replacements.compare("urn new", "/a.snap", { index: 1 }, { triggers: ["1"] });
    expect(replacements.reasonToStay("urn old", "/a.snap")).to.include("before the new snapshot is saved");
    replacements.save("urn new");
    expect(replacements.reasonToStay("urn old", "/a.snap")).to.equal(undefined);
    replacements.hold("urn new", "the new snapshot cannot be restored");
    expect(replacements.reasonToStay("urn old", "/a.snap")).to.equal("the new snapshot cannot be restored");
    expect(replacements.reasonToStay("urn b", "/b.snap")).to.equal(undefined);
  });

  it("one that is replaced without a comparison, as by --replace, is unsaved until the new one is", () => {
    const replacements = new Replacements();
    replacements.check("urn a");
    expect(replacements.isUnsaved("urn a", "/a.snap")).to.equal(true);
    expect(replacements.isUnsaved("urn b", "/b.snap"), "removed from the program").to.equal(false);
    expect(replacements.save("urn a")).to.equal(undefined);
    expect(replacements.isUnsaved("urn a", "/a.snap")).to.equal(false);
  });
  it("one whose deletion an earlier run left over is not held back", () => {
    const replacements = new Replacements();
    replacements.check("urn a");
    replacements.compare("urn a", "/new.snap", {}, {});
    expect(replacements.isUnsaved("urn a", "/old.snap")).to.equal(false);
    expect(replacements.isUnsaved("urn a", "/new.snap")).to.equal(true);
  });
  it("one under a new name is unsaved until the new name's is saved", () => {
    const replacements = new Replacements();
    replacements.check("urn new");
    replacements.compare("urn new", "/a.snap", { index: 1 }, {});
    expect(replacements.isUnsaved("urn old", "/a.snap")).to.equal(true);
    expect(replacements.save("urn new")).to.deep.equal({ index: 1 });
    expect(replacements.isUnsaved("urn old", "/a.snap")).to.equal(false);
  });
});

describe("a snapshot of another cluster than the last one", () => {
  const of = (ids: readonly string[], address = "a:8500") => ({
    connection: { address },
    servers: ids.map((id) => ({ id, address: "10.0.0.1:8300", suffrage: "voter" })),
  });
  it("is noticed where the servers of both are known and none is of both", () => {
    expect(isOfAnotherCluster(of(["1", "2"]), of(["3"]))).to.equal(true);
    expect(isOfAnotherCluster(of(["1"]), of(["3"], "b:8500")), "at another address").to.equal(true);
    expect(isOfAnotherCluster(of(["1", "2"]), of(["2", "3"]))).to.equal(false);
    expect(isOfAnotherCluster(of([]), of(["3"]))).to.equal(false);
    expect(isOfAnotherCluster({}, of(["3"]))).to.equal(false);
    expect(isOfAnotherCluster(of(["1"]), of([]))).to.equal(false);
  });
  it("is a warning, unless the program itself names another cluster", () => {
    expect(anotherCluster(of(["1", "2"]), of(["3"]))).to.include("another cluster than the last one");
    expect(anotherCluster(of(["1"]), of(["3"], "b:8500"))).to.equal(undefined);
  });
});
