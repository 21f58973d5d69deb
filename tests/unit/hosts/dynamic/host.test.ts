import { expect } from "chai";
import { call } from "../../../../provider/hosts/dynamic/host";

/** As `pulumi.asset.StringAsset` and `FileArchive` arrive, with Pulumi's signatures of both. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const asset = { [SIGNATURE]: "c44067f5952c0a294b673a41bacd8c17", text: "./backups/" };
const archive = { [SIGNATURE]: "0def7320c3a5731c473e5ecbe6d01bc7", path: "./backups" };

describe("the host for dynamic resources", () => {
  it("refuses an asset or an archive of Pulumi as an argument, at any depth, and does not drop it", async () => {
    const news = { target: "./backups/", triggers: [asset], connection: { caPem: archive }, maxAge: asset };
    const checked = await call("ConsulSnapshot", "check", [{}, news]);
    const reason = (path: string, what: string): object => ({
      reason: `${path} is ${what}, which this provider does not take: use a string`,
    });
    expect(checked).to.deep.equal({
      inputs: news,
      failures: [
        reason("triggers[0]", "an asset"),
        reason("connection.caPem", "an archive of Pulumi"),
        reason("maxAge", "an asset"),
      ],
    });
  });
});
