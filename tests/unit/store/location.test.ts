import { homedir } from "node:os";
import { expect } from "chai";
import fc from "fast-check";
import { explain, SnapshotError } from "../../../provider/errors";
import {
  checkTemplate,
  expandTemplate,
  fixedPrefix,
  formatLocation,
  matchesTemplate,
  parseLocation,
  PLACEHOLDERS,
  type Placeholder,
  samePlace,
} from "../../../provider/store/location";
import { shownUrl } from "../../../provider/store/shownUrl";

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
          expect(refusedOf(text).message, text).to.include("holds credentials");
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
});

describe("a name template", () => {
  const values: Record<Placeholder, string> = {
    datacenter: "dc1",
    index: "1182",
    term: "3",
    timestamp: "20261123T150405Z",
    consulVersion: "1.13.9",
    project: "infra",
    stack: "prod",
    name: "backup",
    random: "9f3a",
  };

  it("is filled in", () => {
    expect(expandTemplate(NAME, values)).to.equal("consul-dc1-20261123T150405Z-1182-9f3a.snap");
  });

  it("is refused with an unknown placeholder, a stray brace, or nothing that changes", () => {
    for (const [text, reason] of [
      ["s3://b/{datacentre}-{index}.snap", /unknown placeholder/],
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

  it("names every placeholder in the hint", () => {
    const { hint } = refusal(() => checkTemplate(parseLocation("s3://b/{x}.snap"), false));
    for (const name of Object.keys(PLACEHOLDERS)) expect(hint).to.include(`{${name}}`);
  });
});
