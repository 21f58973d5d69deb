import { expect } from "chai";
import { runMocked } from "../../support/programs/program";

describe("options that transformations set", function () {
  this.timeout(120_000);

  it("are refused like those of the resource itself, wherever the transformation was registered", () => {
    const lines = runMocked(`
const transformation = ({ props, opts }) => ({ props, opts: { ...opts, deleteBeforeReplace: true } });
const parent = new pulumi.ComponentResource("a:b:C", "parent", {}, { transformations: [transformation] });
const plain = ({ props, opts }) => ({ props, opts: { ...opts, protect: true } });
const make = (name, opts) => attempt(name, () => new sdk.ConsulSnapshot(name, { target: "./b/" }, opts));
make("plain", { transformations: [plain] });
make("own", { transformations: [transformation] });
make("inherited", { parent });
const replacedWith = ({ props, opts }) => ({ props, opts: { ...opts, replaceWith: [parent] } });
const deleting = ({ props, opts }) => ({ props: { ...props, deletionPolicy: "delete" }, opts });
make("kept", { transformations: [replacedWith] });
make("deleted", { transformations: [replacedWith, deleting] });
const whole = new sdk.ConsulSnapshot("whole", { target: "./b/" });
console.log(Object.keys(whole).includes("identity"));
`);
    const refusal = (name: string) =>
      `${name}: ${name}: deleteBeforeReplace would delete the archive before the new one is taken: remove the option`;
    const replaceWith =
      "deleted: deleted: replaceWith with this deletionPolicy may delete the archive before the new one is taken: " +
      "use triggers: [server.id] in its place, with the resource that it names";
    const refused = [refusal("own"), refusal("inherited"), "kept: works", replaceWith];
    expect(lines).to.deep.equal(["plain: works", ...refused, "false"]);
  });
});
