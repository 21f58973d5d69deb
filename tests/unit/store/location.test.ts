import { homedir } from "node:os";
import { expect } from "chai";
import fc from "fast-check";
import { explain, SnapshotError } from "../../../provider/errors";
import { formatLocation, parseLocation, samePlace } from "../../../provider/store/location";
import { shownUrl } from "../../../provider/store/urlCredentials";

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

describe("a location", () => {
  const readings: readonly (readonly [string, object])[] = [
    ["backups/x.snap", { scheme: "file", bucket: "", key: "/srv/program/backups/x.snap" }],
    ["./backups/", { scheme: "file", key: `/srv/program/backups/${NAME}` }],
    ["/var/backups/../x.snap", { scheme: "file", key: "/var/x.snap" }],
    ["~/backups/", { scheme: "file", key: `${homedir()}/backups/${NAME}` }],
    ["file:///var/backups/", { scheme: "file", key: `/var/backups/${NAME}` }],
    ["file://~/x.snap", { scheme: "file", key: `${homedir()}/x.snap` }],
    ["s3://bucket", { scheme: "s3", bucket: "bucket", key: NAME }],
    ["s3://bucket/", { scheme: "s3", bucket: "bucket", key: NAME }],
    ["S3://bucket/a/b/", { scheme: "s3", bucket: "bucket", key: `a/b/${NAME}` }],
    ["s3://bucket/a/x.snap?region=eu-west-1", { scheme: "s3", key: "a/x.snap" }],
    ["s3://bucket/team@example/x", { scheme: "s3", bucket: "bucket", key: "team@example/x" }],
    ["s3://bucket/a:b@c/x?region=x", { scheme: "s3", bucket: "bucket", key: "a:b@c/x" }],
    ["gs://bucket/x?access_id=me@example.org", { scheme: "gs", bucket: "bucket", key: "x" }],
    ["file://team@example/x", { scheme: "file", key: "/srv/program/team@example/x" }],
    ["file:///srv/a:b@c/x", { scheme: "file", key: "/srv/a:b@c/x" }],
    ["gs://bucket/x-{index}.snap", { scheme: "gs", key: "x-{index}.snap" }],
    ["azblob://container/?storage_account=me", { scheme: "azblob", bucket: "container", key: NAME }],
  ];
  for (const [text, wanted] of readings) {
    it(`reads ${text}`, () => {
      expect(parseLocation(text, "/srv/program")).to.include(wanted);
    });
  }

  const refused: readonly (readonly [string, RegExp])[] = [
    ["", /empty/],
    ["a\0b", /NUL/],
    ["http://bucket/x", /unknown scheme/],
    ["file://", /no path/],
    ["s3:/bucket/x", /begins with s3: is neither/],
    ["S3:bucket/x", /neither a URL nor clearly a path/],
    ["gs//bucket/x", /begins with gs/],
    ["azblob:bucket", /neither a URL nor clearly a path/],
    ["file:///x/?no_tmp_dir=true", /takes none/],
    ["s3:///x", /no bucket/],
    ["s3://?region=x", /no bucket/],
    ["s3://buc ket/x", /bucket name/],
    ["s3://user:pass@bucket/x", /credentials/],
    ["s3://AKIA/pass@bucket/x", /credentials/],
    ["s3://bucket:9000/x", /bucket name/],
    ["s3://bucket/a//b", /empty, "\." or "\.\."/],
    ["s3://bucket/a/../b", /empty, "\." or "\.\."/],
    ["s3://bucket/./b", /empty, "\." or "\.\."/],
    ["s3://bucket/a%2Fb", /"%"/],
    ["s3://bucket/a#b", /"#"/],
    ["s3://bucket/a\\b", /control character/],
  ];
  for (const [text, reason] of refused) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      const error = refusal(() => parseLocation(text));
      expect(error.code).to.equal("TARGET_INVALID");
      expect(error.message).to.match(reason);
      expect(error.hint).to.not.equal("");
    });
  }

  it("never shows what stands before an @, or a setting's value, when it refuses", () => {
    const texts = [
      "s3://key:geheim@bucket/x",
      "http://key:geheim@bucket/x",
      "http://bucket/x?sig=geheim",
      "s3://bucket/x?secret_access_key=geheim",
      "s3://bucket/x?X-Amz-Signature=geheim",
      "s3://bucket/x?endpoint=https://key:geheim@host",
      "s3://bucket/x?regoin=geheim",
      "s3://bucket/x?anonymous=geheim",
      "s3://bucket/a//b?region=geheim",
      "azblob://c/x?sv=2024&sig=geheim",
      "azblob://c/x?AccountKey=geheim",
      "gs://b/x?access_token=geheim",
    ];
    for (const text of texts) expect(explain(refusal(() => parseLocation(text))), text).to.not.include("geheim");
  });

  describe("with credentials in front", () => {
    const SECRETS = [
      "geheim",
      "geheim/K7/geheim",
      "geheim?c/geheim",
      "geheim#geheim",
      "a@geheim/b@geheim",
      "?geheim=1&a",
    ];
    const KEYS = ["AKIAIOSFODNN7EXAMPLE", "GOOG1EABCDEF", "0LONGKEYOFANOTHERONE", "minio", "a", ""];
    const refusedOf = (text: string) => {
      const error = refusal(() => parseLocation(text));
      for (const said of [error.message, error.hint, String(error), explain(error), JSON.stringify(error)]) {
        expect(said, text).to.not.include("geheim").and.not.include("K7");
      }
      expect(shownUrl(text), text).to.not.include("geheim").and.not.include("K7");
      return error;
    };

    it("is refused as such, and never shown, whatever the secret holds", () => {
      for (const scheme of ["s3", "gs", "azblob", "S3", "file"]) {
        for (const text of KEYS.flatMap((key) => SECRETS.map((secret) => `${scheme}://${key}:${secret}@bucket/x/`))) {
          expect(refusedOf(text).message, text).to.include("contains credentials");
        }
      }
      for (const text of KEYS.flatMap((key) => SECRETS.map((secret) => `http://${key}:${secret}@bucket/x/`))) {
        expect(refusedOf(text).message, text).to.include("unknown scheme");
      }
    });

    it("is known by the access key where no colon tells it", () => {
      for (const key of KEYS.slice(0, 3)) {
        for (const secret of SECRETS)
          expect(refusedOf(`s3://${key}/${secret}@bucket/x`).message).to.include("credentials");
      }
      refusedOf("s3://minio/geheim?a=b&c=geheim@bucket/x");
      refusedOf("s3://minio/geheim?geheim@bucket/x");
      refusedOf("s3://minio/geheim#geheim@bucket/x");
    });

    it("is not shown without its @ either", () => {
      refusedOf("s3://AKIAIOSFODNN7EXAMPLE:geheim/K7/bucket");
      refusedOf("https://key:geheim");
    });

    it("is not shown when another URL's stand in a setting", () => {
      refusedOf("s3://bucket/x?endpoint=https://key:123/geheim@host");
      refusedOf("s3://bucket/x?endpoint=https://key:geheim@host&region=geheim");
    });

    it("leaves to be seen what place was meant", () => {
      expect(shownUrl("s3://AKIA:wJalr/K7@bucket/prefix/?region=x")).to.equal("s3://…@bucket/prefix/");
      expect(shownUrl("s3://bucket/prefix/?region=x")).to.equal("s3://bucket/prefix/");
      expect(shownUrl("http://minio:9000/x")).to.equal("http://minio:…");
    });
  });

  it("comes back the same when it is written and read", () => {
    const part = fc.stringMatching(/^[A-Za-z0-9_{}-][A-Za-z0-9._{}-]{0,9}$/);
    const key = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
    fc.assert(
      fc.property(fc.constantFrom("s3", "gs", "azblob"), key, fc.boolean(), (scheme, name, anonymous) => {
        const location = parseLocation(`${scheme}://bucket/${name}${anonymous ? "?anonymous=true" : ""}`);
        expect(parseLocation(formatLocation(location))).to.deep.equal(location);
      }),
    );
    expect(formatLocation(parseLocation("/a/b.snap"))).to.equal("/a/b.snap");
  });

  it("is the same place with other settings, and not with another key", () => {
    const place = parseLocation("s3://b/x.snap?region=a");
    expect(samePlace(place, parseLocation("s3://b/x.snap?region=b"))).to.equal(true);
    expect(samePlace(place, parseLocation("s3://b/y.snap?region=a"))).to.equal(false);
    expect(samePlace(place, parseLocation("gs://b/x.snap"))).to.equal(false);
  });

  it("is another place on another server, or in another account, that has a bucket of the same name", () => {
    for (const [one, other] of [
      ["s3://b/x.snap?endpoint=https://one", "s3://b/x.snap?endpoint=https://two"],
      ["s3://b/x.snap", "s3://b/x.snap?endpoint=https://two"],
      ["gs://b/x.snap?endpoint=https://one", "gs://b/x.snap"],
      ["azblob://b/x.snap?storage_account=one", "azblob://b/x.snap?storage_account=two"],
      ["azblob://b/x.snap?domain=blob.core.windows.net", "azblob://b/x.snap?domain=blob.core.chinacloudapi.cn"],
    ] as const) {
      expect(samePlace(parseLocation(one), parseLocation(other)), `${one} ${other}`).to.equal(false);
      expect(samePlace(parseLocation(other), parseLocation(other)), other).to.equal(true);
    }
  });

  it("needs no working directory where it is absolute", () => {
    const cwd = process.cwd.bind(process);
    process.cwd = () => {
      throw Object.assign(new Error("ENOENT: uv_cwd"), { code: "ENOENT" });
    };
    try {
      expect(parseLocation("/backups/x.snap").key).to.equal("/backups/x.snap");
      expect(() => parseLocation("backups/x.snap")).to.throw(SnapshotError, "the working directory does not exist");
    } finally {
      process.cwd = cwd;
    }
  });
});
