import { expect } from "chai";
import { requireSameCluster } from "../../../provider/restore/sameCluster";

describe("each step of a restore", () => {
  const before = { serverIds: ["a"], serverAddresses: ["10.0.0.1:8300"] };

  it("refuses a copy of the cluster, whose servers have the same ids at other addresses", () => {
    const copy = { serverIds: ["a"], serverAddresses: ["10.9.0.1:8300"] };
    expect(() => requireSameCluster(before, copy, "http://consul", "just before the archive is sent")).to.throw(
      /^nothing was restored: another cluster answers at http:\/\/consul just before the archive is sent: .* 10\.9\.0\.1:8300, and before 10\.0\.0\.1:8300 \(guard cluster\)$/,
    );
    requireSameCluster(before, before, "http://consul", "just before the archive is sent");
  });
});
