import { expect } from "chai";
import fc from "fast-check";
import { nearest, shownName, suggestion } from "../../provider/suggestion";

describe("the nearest known name", () => {
  const known = ["target", "triggers", "overwrite"];

  it("is the one that was mistyped", () => {
    expect(nearest("tagret", known)).to.equal("target");
    expect(nearest("Trigger", known)).to.equal("triggers");
    expect(nearest("lsit", ["diff", "list"])).to.equal("list");
    expect(nearest("svae", ["save"])).to.equal("save");
  });

  it("is the one that was not typed to its end", () => {
    expect(nearest("stat", ["save", "status"])).to.equal("status");
    expect(nearest("keep", ["keepLast", "keepDaily"])).to.equal(undefined);
  });

  it("is none for a name that resembles nothing", () => {
    expect(nearest("colour", known)).to.equal(undefined);
    expect(nearest("nope", ["copy", "save"])).to.equal(undefined);
    expect(nearest("x", [])).to.equal(undefined);
  });

  it("is suggested, and all that are known where there is none", () => {
    expect(suggestion("tagret", known)).to.equal("did you mean target?");
    expect(suggestion("colour", known)).to.equal("known are target, triggers, overwrite");
  });

  it("is the name itself when it is known", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, selector: (s) => s.toLowerCase() }),
        (names) => {
          for (const name of names) expect(nearest(name, names)).to.equal(name);
        },
      ),
    );
  });
});

describe("an unknown name that is shown", () => {
  const known = ["backup_destinations", "s3_endpoint2", "token"];

  it("is one that looks like a name, or resembles one", () => {
    for (const name of ["interval", "-intervall", "keep.last", "aws_s3", "s3_endpont2"]) {
      expect(shownName(name, known)).to.equal(name);
    }
  });

  it("is no token, key or password, which may have been written in its place", () => {
    for (const secret of [
      "5e1ec7ed-a9a5-4ca6-9c29-4ab0e67b1f55",
      "AKIAIOSFODNN7EXAMPLE",
      "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
      "AGE-SECRET-KEY-1QYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQS",
      "hunter42!",
    ]) {
      expect(shownName(secret, known)).to.equal("a name that may be a secret");
    }
  });
});
