import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, readdir, watch, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { encrypt } from "../../provider/age/encrypt";
import { archiveOf } from "../fixtures/archive";
import { keyValue, stateOf, type StateRecord } from "../fixtures/state";
import { collect, keyPair } from "../support/archives/ageKeys";
import { documentedKeys, keysOf } from "../support/documentedJson";
import { command } from "../support/programs/command";
import { temporaryFolder } from "../support/programs/saving";

describe("what can be read out of an archive", function () {
  this.timeout(60_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const path = (name: string): string => join(folder.path, name);
  const policy: StateRecord = { type: 19, value: { ID: "an-id", ModifyIndex: 9, Name: "reader" } };
  const old = archiveOf(stateOf([keyValue("app/a", "1"), keyValue("app/\u001b[2J", "same"), keyValue("gone", "x")]));
  const later = archiveOf(stateOf([keyValue("app/a", "2"), keyValue("app/\u001b[2J", "other"), policy]));
  before(async () => {
    folder = await temporaryFolder();
    const { identity, recipient } = await keyPair();
    await writeFile(path("old.snap"), old);
    await writeFile(path("new.snap"), later);
    await writeFile(path("new.snap.age"), await collect(encrypt(chunks(later), [recipient])));
    await writeFile(path("backup.key"), `${identity}\n`);
  });
  after(() => folder.remove());

  async function* chunks(bytes: Buffer): AsyncGenerator<Buffer> {
    await Promise.resolve();
    yield bytes;
  }

  describe("diff", () => {
    it("prints each difference under its type, and how many there are", async () => {
      const { code, out } = await command(["diff", path("old.snap"), path("new.snap"), "--values"]);
      expect(code).to.equal(1);
      expect(out).to.equal(
        [
          "KVS",
          "  ~ app/ [2J",
          '      Value: "same" => "other"',
          "  ~ app/a",
          '      Value: "1" => "2"',
          "  - gone",
          "      CreateIndex: 10",
          '      Key: "gone"',
          "      ModifyIndex: 10",
          '      Value: "x"',
          "",
          "ACLPolicy",
          "  + an-id (reader)",
          '      ID: "an-id"',
          '      Name: "reader"',
          "",
          "  type          added   removed   changed      same",
          "  KVS               0         1         2         0",
          "  ACLPolicy         1         0         0         0",
          "",
          "They differ.",
          "",
        ]
          .filter((line) => !line.includes("Index:"))
          .join("\n"),
      );
    });

    it("prints the documented JSON, in which a key is exact", async () => {
      const { code, out } = await command(["diff", path("old.snap"), path("new.snap"), "--values", "--format", "json"]);
      expect(code).to.equal(1);
      const found = JSON.parse(out) as { same: boolean; differences: { key: string; keyBase64?: string }[] };
      expect(found.differences.map(({ key, keyBase64 }) => [key, keyBase64])).to.deep.equal([
        ["app/ [2J", Buffer.from("app/\u001b[2J").toString("base64")],
        ["app/a", undefined],
        ["gone", undefined],
        ["an-id", undefined],
      ]);
      expect(keysOf(found)).to.deep.equal([...documentedKeys("diff"), "differences[].keyBase64"].sort());
      const same = await command(["diff", path("old.snap"), path("old.snap"), "--format", "json"]);
      expect([same.code, (JSON.parse(same.out) as typeof found).differences]).to.deep.equal([0, []]);
      const summary = await command(["diff", path("old.snap"), path("new.snap"), "--summary", "--format", "json"]);
      expect(Object.keys(JSON.parse(summary.out) as object)).to.deep.equal(["a", "b", "types", "same"]);
    });

    it("reads an encrypted archive, and standard input", async () => {
      const args = ["diff", "-", path("new.snap.age"), "--identity", path("backup.key")];
      const { code, out } = await command(args, { input: later });
      expect({ code, out }).to.deep.equal({ code: 0, out: "They are the same.\n" });
    });

    it("exits with 2 where it could not look", async () => {
      await writeFile(path("cut.snap"), old.subarray(0, -5));
      for (const [args, text] of [
        [["diff", path("old.snap"), path("cut.snap")], "ARCHIVE_TRUNCATED"],
        [["diff", path("old.snap"), path("nowhere.snap")], "STORE_NOT_FOUND"],
        [["diff", path("old.snap"), path("new.snap.age")], "DECRYPTION_FAILED"],
        [["diff", "live", "live"], "ARGUMENT_INVALID"],
        [["diff", path("old.snap"), path("new.snap"), "--type", "KV"], "Did you mean KVS?"],
      ] as const) {
        const { code, err, out } = await command(args);
        expect({ code, out }, text).to.deep.equal({ code: 2, out: "" });
        expect(err).to.include(text);
      }
    });
  });

  describe("--output", () => {
    it("leaves nothing of a command that a signal ends, and the command ends although its input does not", async () => {
      await mkdir(path("interrupted"));
      const large = archiveOf(stateOf([keyValue("large", randomBytes(2 ** 21).toString("hex"))]));
      const args = ["export", "-", "--output", path("interrupted/keys.json")];
      const changes = watch(path("interrupted"));
      const child = spawn(process.execPath, [resolve("dist/cli/main.js"), ...args]);
      let said = "";
      child.stderr.on("data", (bytes: Buffer) => (said += bytes.toString()));
      child.stdin.on("error", () => undefined);
      // The last part never comes.
      child.stdin.write(large.subarray(0, -100_000));
      for await (const { filename } of changes) if (filename?.endsWith(".partial") === true) break;
      child.kill("SIGTERM");
      const [code] = (await once(child, "close")) as [number | null];
      expect({ code, said }).to.deep.equal({
        code: 2,
        said: `the work on ${path("interrupted/keys.json")} was interrupted (INTERRUPTED)\nNothing incomplete was left behind; run it again.\n`,
      });
      expect(await readdir(path("interrupted"))).to.deep.equal([]);
    });

    it("names only a new file, and the hint says what to do", async () => {
      await writeFile(path("there.json"), "mine");
      await mkdir(path("folder"));
      for (const [name, text] of [
        ["there.json", /there\.json already exists \(STORE_EXISTS\)\nChoose another name for --output\.\n$/],
        ["folder/", /folder\/ is a folder \(TARGET_INVALID\)\nUse the name of a new file\.\n$/],
        [
          "{index}.json",
          /contains a brace, as only names of archives do \(TARGET_INVALID\)\nUse the name of a new file\.\n$/,
        ],
      ] as const) {
        for (const args of [
          ["export", path("old.snap")],
          ["get", path("old.snap"), "gone"],
        ]) {
          const { code, err, out } = await command([...args, "--output", path(name)]);
          expect({ code, out }, name).to.deep.equal({ code: 2, out: "" });
          expect(err).to.match(text);
        }
      }
      expect(await readdir(path("folder"))).to.deep.equal([]);
    });
  });
});
