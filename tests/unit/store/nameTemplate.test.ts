import { expect } from "chai";
import fc from "fast-check";
import { SnapshotError } from "../../../provider/errors";
import { parseLocation } from "../../../provider/store/location";
import {
  checkTemplate,
  expandTemplate,
  fixedPrefix,
  folderOf,
  matchesTemplate,
} from "../../../provider/store/nameTemplate";
import { type Placeholder, PLACEHOLDERS } from "../../../provider/store/placeholders";

const NAME = "consul-{datacenter}-{timestamp}-{index}-{random}.snap";

function refusal(work: () => unknown): SnapshotError {
  try {
    work();
  } catch (error) {
    if (error instanceof SnapshotError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("a name template", () => {
  const values: Record<Placeholder, string> = {
    datacenter: "dc1",
    index: "1182",
    term: "3",
    timestamp: "20261123T150405Z",
    nanoseconds: "1795446245000123456",
    consulVersion: "1.13.9",
    project: "infra",
    stack: "prod",
    name: "backup",
    random: "9f3a",
  };

  it("is filled in", () => {
    expect(expandTemplate(NAME, values)).to.equal("consul-dc1-20261123T150405Z-1182-9f3a.snap");
  });

  it("leaves what is no placeholder as it is, also names that every object has", () => {
    expect(expandTemplate("{constructor}-{toString}-{__proto__}", values)).to.equal(
      "{constructor}-{toString}-{__proto__}",
    );
    expect(matchesTemplate("{constructor}-{index}.snap", "a-1.snap")).to.equal(true);
  });

  it("is refused with an unknown placeholder, a stray brace, or nothing that changes", () => {
    for (const [text, reason] of [
      ["s3://b/{datacentre}-{index}.snap", /unknown placeholder/],
      ["s3://b/{constructor}-{index}.snap", /unknown placeholder \{constructor\}/],
      ["s3://b/{toString}-{index}.snap", /unknown placeholder/],
      ["s3://b/{hasOwnProperty}-{index}.snap", /unknown placeholder/],
      ["/b/{__proto__}-{index}.snap", /unknown placeholder \{__proto__\}/],
      ["s3://b/{index.snap", /brace/],
      ["s3://b/index}.snap", /brace/],
      ["s3://b/{datacenter}.snap", /same for every snapshot/],
    ] as const) {
      const error = refusal(() => checkTemplate(parseLocation(text), false));
      expect(error).to.include({ code: "TARGET_INVALID" });
      expect(error.message).to.match(reason);
    }
    checkTemplate(parseLocation("s3://b/{datacenter}.snap"), true);
    checkTemplate(parseLocation("s3://b/{random}.snap"), false);
  });

  it("never leads out of its folder, whatever the values are", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom("..", ".", "", "/", "../..", "\\", "a\0b", "é")), (value) => {
        const filled = expandTemplate("a/{name}/{stack}.snap", { ...values, name: value, stack: value });
        const parts = filled.split("/");
        expect(parts).to.have.lengthOf(3);
        expect(filled).to.match(/^[A-Za-z0-9._/-]+$/);
        expect(parts).to.not.include("..").and.not.include(".").and.not.include("");
      }),
    );
  });

  it("knows the names that it can give, and no others", () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), (text, index) => {
        const key = expandTemplate(`a/${NAME}`, { ...values, datacenter: text, index: String(index) });
        expect(matchesTemplate(`a/${NAME}`, key)).to.equal(true);
      }),
    );
    for (const stranger of [
      "consul-dc1-20261123T150405Z-1182-9f3a.snap",
      "a/consul-dc1-yesterday-1182-9f3a.snap",
      "a/consul-dc1-20261123T150405Z-1182-9f3a.snap.bak",
      "a/b/consul-dc1-20261123T150405Z-1182-9f3a.snap",
      "a/consul-dc1-20261123T150405Z-x-9f3a.snap",
    ]) {
      expect(matchesTemplate(`a/${NAME}`, stranger), stranger).to.equal(false);
    }
    expect(matchesTemplate("a.snap", "aXsnap")).to.equal(false);
  });

  it("has a fixed beginning to list by", () => {
    expect(fixedPrefix("a/b/c-{index}.snap")).to.equal("a/b/c-");
    expect(fixedPrefix("a.snap")).to.equal("a.snap");
  });

  it("is the default one where a target is a folder", () => {
    const folder = (typed: string) => folderOf(typed, parseLocation(typed, "/srv").key);
    expect(folder("backups/")).to.equal("/srv/backups/");
    expect(folder("s3://b")).to.equal("");
    expect(folder("s3://b/p/")).to.equal("p/");
    for (const typed of ["backups", "backups/a.snap", `backups/${NAME}`, "s3://b/{stack}/"]) {
      expect(folder(typed), typed).to.equal(undefined);
    }
  });

  it("names every placeholder in the hint", () => {
    const { hint } = refusal(() => checkTemplate(parseLocation("s3://b/{x}.snap"), false));
    for (const name of Object.keys(PLACEHOLDERS)) expect(hint).to.include(`{${name}}`);
  });
});
