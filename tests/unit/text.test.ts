import { createHash } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { SnapshotError } from "../../provider/errors";
import { Secrets } from "../../provider/secrets";
import { cleanCode, cleanMessage, cleanText, registerEnvironment, registerSecret, sentence } from "../../provider/text";
import { effort } from "../support/effort";
import { SPELLINGS } from "../support/faults/spellings";

const secretOf = fc.stringMatching(/^[!-~]{8,80}$/).filter((text) => !text.startsWith("-----"));
/** Spellings that insert punctuation or leave it out. */
const BETWEEN = new Set([
  "with other hyphens",
  "without hyphens",
  "with dots between",
  "as a quotation over two lines",
]);

/** Spellings from which no other encoding can be read. */
const LOSSY = new Set(
  Object.entries(SPELLINGS).flatMap(([name, spell]) => (BETWEEN.has(name) || /case|reverse/.test(name) ? [spell] : [])),
);

/** Spellings with words around the secret, which are no secret, and letters that no server encodes again. */
const FRAMED = new Set(
  ["as a buffer in JSON", "as bytes in Go's source", "as calls", "in full width"].map((name) => SPELLINGS[name]),
);

function asUuid(digits: string): string {
  return digits.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** As random as real ones: those of fast-check are mostly zeros. */
const randomUuid = fc.nat().map((seed) => asUuid(createHash("sha256").update(`${seed}`).digest("hex")));

const bytesOf = (text: string): string[] => [...Buffer.from(text)].map((byte) => byte.toString(16));

/** Digits of base64 at both ends that hold less than a byte of the secret, encoded again. */
const ROOM = 8;

describe("text from outside", () => {
  it("is one line without control characters, and of limited length", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 600 }), fc.integer({ min: 1, max: 300 }), (text, limit) => {
        const shown = cleanText(text, limit);
        expect(shown).to.not.match(/[\p{C}\p{Zl}\p{Zp}]/u);
        expect(shown.length).to.be.at.most(limit);
        expect(cleanText(shown, limit)).to.equal(shown);
      }),
    );
  });

  it("stays as it is where it is ordinary", () => {
    for (const text of ["dc1", "/backups/2026 (old)/a.snap", "Zürich-1", "東京", "100 % of it: \"x\" & 'y' <z>"]) {
      expect(cleanText(text)).to.equal(text);
    }
  });

  it("cannot forge a line, colours or the direction of text", () => {
    expect(cleanText("dc1\n  ok   archive\r\u001b[2K\u009b31mred\u202etxet\u2028")).to.equal(
      "dc1 ok archive [2K 31mred txet",
    );
  });

  it("costs little, however long it is", () => {
    expect(cleanText("\u0000".repeat(3_000_000))).to.equal("…");
    expect(cleanText("x".repeat(3_000_000))).to.have.lengthOf(200);
    // A search from each backslash to the end of the run would be 2,000,000,000 steps.
    expect(cleanText("\\".repeat(3_000_000), 16_000)).to.have.lengthOf(16_000);
    expect(cleanMessage("\\".repeat(3_000_000))).to.have.lengthOf(16_000);
  });

  for (const [name, spell] of Object.entries(SPELLINGS)) {
    it(`does not show a secret ${name}`, () => {
      fc.assert(
        fc.property(secretOf, fc.string(), fc.string(), (secret, before, after) => {
          // What stands between punctuation could be punctuation itself.
          // Before the colon, there could be the name of a user, which is shown.
          fc.pre(!secret.includes(":") || !name.startsWith("without its"));
          fc.pre(!BETWEEN.has(name) || secret.replaceAll(/[^0-9A-Za-z]/g, "").length >= 12);
          const secrets = new Secrets();
          secrets.add(secret);
          const spelled = spell(secret);
          // A digit of base64 before or behind would make of it the base64 of something else.
          const shown = cleanText(`${before} ${spelled} ${after}`, 2000, secrets);
          expect(shown).to.not.include(spelled).and.not.include(secret);
          expect(secrets.find(shown)).to.deep.equal([]);
        }),
        { numRuns: 30 },
      );
    });
  }

  it("does not show a part of a secret, whichever encodings it has passed, one after the other", () => {
    const spellings = Object.values(SPELLINGS);
    fc.assert(
      fc.property(
        // As random as secrets are.
        fc
          .tuple(fc.nat(), fc.integer({ min: 24, max: 60 }))
          .map(([seed, length]) => createHash("sha512").update(`${seed}`).digest("base64url").slice(0, length)),
        fc.array(fc.constantFrom(...spellings), { minLength: 1, maxLength: 3 }),
        fc.tuple(fc.nat(12), fc.nat(11)),
        (secret, ways, [before, after]) => {
          const secrets = new Secrets();
          secrets.add(secret);
          const part = secret.slice(before, secret.length - Math.max(0, after - before));
          // Letters of another case are other digits of base64, and digits are not separated one by one.
          const lossless = ways.filter(
            (spell, at) => (at === 0 || !LOSSY.has(spell)) && (at === ways.length - 1 || !FRAMED.has(spell)),
          );
          fc.pre(part.replaceAll(/[^0-9A-Za-z]/g, "").length >= 18);
          const spelled = lossless.reduce((text, spell) => spell(text), part);
          if (spelled.length > 4000) return;
          // No encoding has these characters, so none goes on behind them.
          const shown = cleanText(`東${spelled}京`, 10_000, secrets);
          expect(shown).to.match(/^東.*京$/);
          const left = shown.slice(1, -1);
          // Brackets and the last digits of base64 remain.
          const growth = spelled.length / part.length;
          expect(left.replaceAll(/[^0-9A-Za-z]/g, "").length, `${spelled} → ${shown}`).to.be.below(ROOM + 8 * growth);
        },
      ),
      { numRuns: effort.choose(300, 5000) },
    );
  });

  it("does not show 12 characters of a secret in a row, whatever stands between them", () => {
    fc.assert(
      fc.property(
        randomUuid,
        fc.array(fc.constantFrom(" ", "-", ".", "_", "\u00ad", "\u034f", "\n> ", "\\", "/"), { maxLength: 40 }),
        fc.nat(24),
        (secret, between, from) => {
          const secrets = new Secrets();
          secrets.add(secret);
          const part = secret.slice(from).replaceAll("-", "").slice(0, 12);
          fc.pre(part.length === 12);
          const spelled = Array.from(part, (character, at) => `${character}${between[at] ?? ""}`).join("");
          expect(cleanText(`<${spelled}>`, undefined, secrets)).to.match(/^<…[^0-9a-f]*>$/);
        },
      ),
    );
  });

  it("stays as it is where it is ordinary, whatever secrets there are", () => {
    // As random as they are in practice: fast-check's own are mostly zeros.
    const hexadecimal = fc.nat().map((seed) => createHash("sha256").update(`text ${seed}`).digest("hex"));
    const ordinary = fc.oneof(
      hexadecimal,
      hexadecimal.map(asUuid),
      fc.ipV4(),
      fc.webUrl(),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.uint8Array({ minLength: 20, maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString("base64")),
      fc.array(fc.nat(255), { minLength: 8, maxLength: 40 }).map((list) => JSON.stringify(list)),
      fc
        .array(fc.constantFrom("/backups", "/consul", "/prod-eu", "/2026", "/app%20config", "/a&b=c"), { minLength: 1 })
        .map((p) => p.join("")),
      fc.lorem({ maxCount: 30 }),
    );
    const secrets = new Secrets();
    for (let seed = 0; seed < 50; seed++) {
      const digest = createHash("sha256").update(`secret ${seed}`);
      secrets.add(seed % 2 === 0 ? asUuid(digest.digest("hex")) : digest.digest("base64"));
    }
    fc.assert(
      fc.property(fc.array(ordinary), (texts) => {
        expect(secrets.find(texts.join(" "))).to.deep.equal([]);
      }),
      { numRuns: effort.choose(200, 5000) },
    );
  });

  it("shows the public parts of what contains a secret", () => {
    const secrets = new Secrets();
    secrets.add(
      "DefaultEndpointsProtocol=https;AccountName=productionbackups;AccountKey=Ab1+Cd2/Ef3=;EndpointSuffix=core.windows.net",
    );
    secrets.add("sv=2022-11-02&ss=b&srt=sco&sp=rwdlac&se=2026-11-28T00:00:00Z&spr=https&sig=q7Zk81vN3qLm92xX");
    secrets.add("consul-backup:correct-horse-battery");
    for (const text of [
      "https://productionbackups.blob.core.windows.net/backups",
      "valid until 2026-11-28T00:00:00Z (https)",
      "/var/lib/consul-backup/2026",
    ]) {
      expect(cleanText(text, undefined, secrets)).to.equal(text);
    }
    secrets.add("/backups/consul-snapshot/production/");
    secrets.add("00000000-0000-0000-0000-000000000001");
    const ordinary = "consul-snapshot:maxConcurrent of production, 00000000-0000-0000-0000-000000000002";
    expect(cleanText(ordinary, undefined, secrets)).to.equal(ordinary);
    expect(
      cleanText("in /backups/consul-snapshot/production/ of 00000000-0000-0000-0000-000000000001", undefined, secrets),
    ).to.equal("in … of …");
    expect(cleanText("Ab1%2BCd2%2FEf3%3D q7Zk81vN3qLm correct-horse", undefined, secrets)).to.equal("… … …");
    secrets.add("the-token");
    secrets.add("AGE-SECRET-KEY-1QQPQ0X8V9M2A7");
    const told = "Consul does not know the token. Identities are written as AGE-SECRET-KEY-1….";
    expect(cleanText(told, undefined, secrets)).to.equal(told);
    expect(cleanText("the-token AGE-SECRET-KEY-1QQPQ0X8", undefined, secrets)).to.equal("… AG…");
    expect(cleanText("AGE-SECRET-KEY-1QQPQ0X8V9M2A7", undefined, secrets)).to.equal("…");
  });

  it("is hidden where it is encoded more often than anything is", () => {
    const secrets = new Secrets();
    secrets.add("0123456789abcdefghijklmnopqrstuvwxyz");
    const hidden = bytesOf("0123456789abcdefghijklmnopqrstuvwxyz")
      .map((byte) => `%${"25".repeat(30)}${byte}`)
      .join("");
    expect(cleanText(`<${hidden}>`, 3000, secrets)).to.equal("…");
  });

  it("costs little, whatever it looks like", () => {
    const secrets = new Secrets();
    secrets.add("0123456789abcdefghijklmnopqrstuvwxyz");
    for (const unit of [
      "\\",
      "%",
      "%25",
      "=",
      "&#",
      "&#x41;",
      "&amp;",
      "1 ",
      "0 ",
      "AAAA",
      "VVVV",
      "0x",
      "\\u0041",
      "ａ",
      "\\x41",
      "4",
      "41",
    ]) {
      secrets.find(unit.repeat(66_000 / unit.length));
    }
  });

  it("does not show the bytes of a UUID", () => {
    fc.assert(
      fc.property(randomUuid, fc.constantFrom("as the bytes of a UUID", "as base64 of a UUID"), (secret, name) => {
        const secrets = new Secrets();
        secrets.add(secret);
        const spelled = SPELLINGS[name]?.(secret) ?? "";
        expect(cleanText(`[${spelled}]`, undefined, secrets)).to.match(/^\[[+/]*…[+/=]*\]$/);
        expect(cleanText(`[${spelled.slice(0, 20)}]`, undefined, secrets)).to.match(/^\[[+/]*….{0,3}\]$/);
      }),
    );
  });

  it("does not show what an Authorization header is made of", () => {
    const secrets = new Secrets();
    secrets.add(`Basic ${Buffer.from("backup:s3cr3t-passw0rd/+").toString("base64")}`);
    for (const text of [
      "backup:s3cr3t-passw0rd/+",
      "s3cr3t-passw0rd/+",
      "s3cr3t-passw0rd/+:backup",
      Buffer.from("backup:s3cr3t-passw0rd/+").toString("base64"),
      encodeURIComponent(Buffer.from("backup:s3cr3t-passw0rd/+").toString("base64")),
    ]) {
      const [range] = secrets.find(`<${text}>`);
      expect(range, text).to.not.equal(undefined);
      expect(`<${text}>`.slice(0, range?.start) + `<${text}>`.slice(range?.end), text).to.not.match(
        /passw0rd|c3Nj|3NzdzByZ/,
      );
    }
  });

  it("does not show a line of a key, nor a long secret's beginning", () => {
    const key = Array.from({ length: 6 }, (_, i) => Buffer.alloc(48, `key ${i}`).toString("base64"));
    registerSecret(`-----BEGIN PRIVATE KEY-----\n${key.join("\n")}\n-----END PRIVATE KEY-----\n`);
    expect(cleanText(`bad line: ${key[3] ?? ""}`)).to.equal("bad line: …");
    expect(cleanText("-----BEGIN PRIVATE KEY----- is missing")).to.equal("-----BEGIN PRIVATE KEY----- is missing");
    const long = Buffer.alloc(400, "a long session token, ").toString("base64");
    registerSecret(long);
    expect(cleanText(`cut off: ${long.slice(0, 256)}`, 1000)).to.match(/^cut off: …+$/);
  });

  it("does not show the beginning of a secret that goes on behind what is looked at", () => {
    const secret = "0123456789abcdefghijklmnopqrstuvwxyz";
    const secrets = new Secrets();
    secrets.add(secret);
    for (let shift = 0; shift < secret.length; shift++) {
      const shown = cleanText(`${"X".repeat(shift)}${secret.repeat(500)}`, 2000, secrets);
      expect(shown).to.not.match(/[0-9a-z]/);
    }
  });

  it("does not show the newest 200 secrets, nor one that was registered again, however many there were", function () {
    this.timeout(60_000);
    const secrets = new Secrets();
    const uuid = (seed: number) => asUuid(createHash("sha256").update(`${seed}`).digest("hex"));
    const shown = (text: string) => cleanText(text, undefined, secrets);
    for (let seed = 0; seed < 500; seed++) {
      secrets.add(uuid(seed));
      if (seed % 150 === 0) secrets.add("a-token-that-is-used-on");
    }
    for (let seed = 300; seed < 500; seed++) expect(shown(uuid(seed)), `${seed}`).to.equal("…");
    expect(shown("a-token-that-is-used-on")).to.equal("…");
    expect(shown(uuid(0))).to.equal(uuid(0));
  });

  it("does not show what the environment keeps secret", () => {
    const secrets = new Secrets();
    const environment = {
      AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG",
      AWS_ACCESS_KEY_ID: "not-secret-id",
      CONSUL_HTTP_TOKEN_FILE: "/run/secrets/of-consul",
      AZURE_STORAGE_CONNECTION_STRING: `DefaultEndpointsProtocol=https;AccountKey=${"Ab1+".repeat(21)}Ab==;EndpointSuffix=x`,
    };
    registerEnvironment(environment, secrets);
    const shown = (text: string) => cleanText(text, undefined, secrets);
    expect(shown("wJalrXUtnFEMI%2FK7MDENG not-secret-id /run/secrets/of-consul")).to.equal(
      "… not-secret-id /run/secrets/of-consul",
    );
    expect(shown(`key ${"Ab1+".repeat(21)}Ab==.`)).to.equal("key ….");
  });

  it("shows short values, which are no secrets", () => {
    registerSecret("dc1");
    registerSecret("");
    registerSecret(undefined);
    expect(cleanText("dc1")).to.equal("dc1");
  });

  it("is cleaned where it is filled into a sentence of ours", () => {
    expect(sentence`there is no file ${"a\nb"}, and ${3} others`).to.equal("there is no file a b, and 3 others");
  });

  it("is an error code only where it looks like one", () => {
    expect(cleanCode("NoSuchBucket")).to.equal("NoSuchBucket");
    expect(cleanCode("KMS.DisabledException")).to.equal("KMS.DisabledException");
    for (const code of ["", "two words", "<html>", "a\u001b[31m", "x".repeat(65), 7, undefined]) {
      expect(cleanCode(code), String(code)).to.equal(undefined);
    }
    registerSecret("AKIA-secret-code");
    expect(cleanCode("AKIA-secret-code")).to.equal(undefined);
  });
});

describe("a message of ours", () => {
  it("is one line if it is an error's: a name in it begins no other", () => {
    const error = new SnapshotError("STORE_NOT_FOUND", "a\n  ok  all guards does not exist", "Look at b\r\nand c.");
    expect([error.message, error.hint]).to.deep.equal(["a ok  all guards does not exist", "Look at b and c."]);
  });

  it("keeps its lines, and holds no other control characters and no secret", () => {
    registerSecret("a-token-of-twenty-ch");
    registerSecret("root");
    expect(cleanMessage("one\n\ttwo\u001b[31m a-token-of-twenty-ch\r\nin /root/backups")).to.equal(
      "one\n\ttwo [31m … \nin /root/backups",
    );
    expect(cleanText("as root")).to.equal("as …");
  });
});
