import { expect } from "chai";
import fc from "fast-check";
import { SnapshotError } from "../../provider/errors";
import { Secrets } from "../../provider/secrets";
import { cleanCode, cleanMessage, cleanText, registerEnvironment, registerSecret, sentence } from "../../provider/text";
import { SPELLINGS } from "../support/faults/spellings";

const secretOf = fc.stringMatching(/^[!-~]{8,80}$/).filter((text) => !text.startsWith("-----"));

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
