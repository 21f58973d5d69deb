import { expect } from "chai";
import { restorableOn } from "../../../../provider/archive/restorable";
import { BuiltinPolicies } from "../../../../provider/archive/state/builtinPolicies";
import { NameBudget } from "../../../../provider/archive/state/nameBudget";
import { NodeNames } from "../../../../provider/archive/state/nodeNames";
import { Registrations } from "../../../../provider/archive/state/registration";
import { Tally } from "../../../../provider/archive/state/tally";
import { Tenancy } from "../../../../provider/archive/state/tenancy";
import { archiveOf } from "../../../fixtures/archive";
import { readArchive } from "../../../fixtures/reading";
import { encode, keyValue, stateOf } from "../../../fixtures/state";

describe("the names that are remembered of a state", () => {
  const id = (at: number): string => `75c3e0c5-5b53-9d5e-0f7a-${String(at).padStart(12, "0")}`;
  const CLASH = "has a name or an id that another node has";

  it("are limited, and what is beyond is compared with what is remembered", () => {
    const budget = new NameBudget(4);
    const nodes = new NodeNames(budget);
    for (const at of [1, 2]) expect(nodes.add(`n${at}`, "/", id(at))).to.equal(undefined);
    expect(budget.isExceeded).to.be.false;
    expect(nodes.add("n1", "/", id(1)), "a known one again").to.equal(undefined);
    expect(budget.isExceeded).to.be.false;

    expect(nodes.add("n3", "/", id(3)), "beyond").to.equal(undefined);
    expect(budget.isExceeded).to.be.true;
    expect(nodes.add("N1", "/", id(4)), "a remembered name").to.equal(CLASH);
    expect(nodes.add("n4", "/", id(2)), "a remembered id").to.equal(CLASH);
    expect(nodes.add("n3", "/", id(5)), "a name that is not remembered").to.equal(undefined);
  });

  it("are those of nodes, services and policies together", () => {
    const budget = new NameBudget(5);
    const tenancy = new Tenancy(budget);
    const registrations = new Registrations(tenancy, budget);
    const add = (Node: string, more: object): string | undefined =>
      registrations.add(encode({ ID: "", Node, Address: "10.0.0.1", ...more }), 0);
    const check = (ServiceID: string) => ({ Check: { Node: "a", CheckID: "c", ServiceID } });
    expect(add("a", { Service: { ID: "web", Service: "web" } })).to.equal(undefined);
    expect(add("a", check("web"))).to.equal(undefined);
    expect(add("a", check("db"))).to.equal("has a check of a service that is not registered");
    new BuiltinPolicies(budget).add(encode({ ID: id(1), Name: "p" }), false, 0);
    expect(budget.isExceeded).to.be.false;

    expect(add("a", { Service: { ID: "db", Service: "db" } })).to.equal(undefined);
    expect(budget.isExceeded).to.be.false;
    expect(add("a", { Service: { ID: "cache", Service: "cache" } })).to.equal(undefined);
    expect(budget.isExceeded).to.be.true;
    // It may be one that was not remembered.
    expect(add("a", check("other"))).to.equal(undefined);
  });

  it("make no verdict tried where not all of them could be compared", async () => {
    const report = await readArchive(archiveOf(stateOf([keyValue("a", "1")])));
    expect(restorableOn(report, "1.13.9")).to.deep.include({ restorable: true, basis: "tried" });
    const names = new NameBudget(0);
    const tally = new Tally({ values: 0 }, undefined, names);
    expect(tally.report()).not.to.have.property("hasUncomparedNames");
    names.take(1);
    const { hasUncomparedNames } = tally.report();
    const state = { ...report.state, hasUncomparedNames: hasUncomparedNames ?? (true as const) };
    expect(hasUncomparedNames).to.be.true;
    expect(restorableOn({ ...report, state }, "1.13.9")).to.deep.include({
      restorable: true,
      basis: "source",
      knownBy: "by its source; it has too many names of nodes, services and policies to compare them with each other",
    });
  });
});
