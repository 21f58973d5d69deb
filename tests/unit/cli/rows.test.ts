import { expect } from "chai";
import { rows } from "../../../cli/terminal/rows";

describe("rows of the command", () => {
  it("hold one line each, whatever an archive, a manifest or a server puts into a value", () => {
    const forged = "dc1\n  ok          the archive is the one that was saved\u001b[2K\u202e";
    const [line = "", ...others] = rows([["datacenter", forged]], 14);
    expect(others).to.deep.equal([]);
    expect(line).to.match(/^ {2}datacenter {4}dc1 ok the archive/);

    expect(line).to.not.match(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  });

  it("tell what is unknown, and align names", () => {
    expect(
      rows(
        [
          ["index", 7],
          ["Consul", undefined],
        ],
        8,
      ),
    ).to.deep.equal(["  index   7", "  Consul  unknown"]);
  });
});
