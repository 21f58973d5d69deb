import { expect } from "chai";
import { UNKNOWN, type Values } from "../../../../provider/lifecycle";
import { previousArchiveNotice } from "../../../../provider/resources/snapshot/previousArchive";

const LOCATION = "/backups/consul-7.snap";
const target = "/backups/consul-{index}.snap";
const retention = { keepLast: 1 };

describe("what becomes of the archive of now when a new one is saved", () => {
  const deleted = `this archive will be deleted only after the new one is saved: ${LOCATION}`;
  const replaced = `the new one will take the place of this archive: ${LOCATION}`;
  const decided = `once the new one is saved, retention decides whether this archive stays: ${LOCATION}`;
  const fixed = { target: "/backups/{datacenter}.snap", overwrite: true };
  const policy = { deletionPolicy: "delete" };
  const cases: [string, Values, Values, string | undefined][] = [
    ["stays by default", { target }, { target }, undefined],
    ["is deleted where the policy says so", { target, ...policy }, { target }, deleted],
    ["is left where somebody changed it", { target, ...policy, archiveChanged: true }, { target }, undefined],
    ["gives its place to one of the same name", { ...fixed, ...policy }, fixed, replaced],
    ["gives its place where it stays else", fixed, fixed, replaced],
    ["gives its place before retention looks", fixed, { ...fixed, retention }, replaced],
    ["gives its place also where somebody changed it", { ...fixed, ...policy, archiveChanged: true }, fixed, replaced],
    ["stays beside one that is encrypted", fixed, { ...fixed, encryption: { recipients: [] } }, undefined],
    ["is deleted where the new one has another name", { ...fixed, ...policy }, { ...fixed, target: "/b/x" }, deleted],
    ["is deleted where names differ", { target, ...policy }, { target, overwrite: true }, deleted],
    ["is deleted where the new target is not known", { ...fixed, ...policy }, { ...fixed, target: UNKNOWN }, deleted],
    ["is up to retention", { target }, { target, retention }, decided],
    ["is up to retention that is not known yet", { target }, { target, retention: UNKNOWN }, decided],
    ["is up to retention in a place not known", { target }, { target: UNKNOWN, retention }, decided],
    ["stays under a retention that keeps all", { target }, { target, retention: {} }, undefined],
    ["stays where retention does not look", { target }, { target: "/elsewhere/", retention }, undefined],
    ["stays in another bucket", { target }, { target: "s3://b/?region=eu-west-1", retention }, undefined],
  ];
  for (const [name, recorded, inputs, said] of cases) {
    it(`it ${name}`, () => expect(previousArchiveNotice(LOCATION, recorded, inputs)).to.equal(said));
  }
});
