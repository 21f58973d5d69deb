import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, open, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { readConfig } from "../../agent/config/config";
import { readFlags } from "../../agent/config/flags";
import { readConfigFiles } from "../../agent/files";
import { readIdentities } from "../../provider/age/identities";
import { resolveConnection } from "../../provider/consul/connection";
import { login } from "../../provider/consul/login";
import { readSpecifiedFile, readSpecifiedFileSync } from "../../provider/specifiedFile";
import { unreadable } from "../../provider/systemCode";
import { failureOf, temporaryFolder } from "../support/programs/saving";

/** Reads a file in both ways, each in a process of its own, as a shell starts it. */
const PROGRAM = `
  const { readSpecifiedFile, readSpecifiedFileSync } = require(${JSON.stringify(resolve("dist/provider/specifiedFile.js"))});
  const read = process.argv[1] === "sync" ? async (path) => readSpecifiedFileSync(path) : readSpecifiedFile;
  read(process.argv[2]).then((bytes) => console.log(bytes.toString()), (error) => console.log("refused:", error.message));`;
const WAYS = ["sync", "async"] as const;

describe("a file that the user specifies", function () {
  this.timeout(60_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const path = (name: string): string => join(folder.path, name);
  beforeEach(async () => (folder = await temporaryFolder()));
  afterEach(() => folder.remove());

  async function inShell(line: string): Promise<string> {
    const env = { ...process.env, NODE: process.execPath, PROGRAM, FOLDER: folder.path };
    const child = spawn("bash", ["-c", line], { env, stdio: ["ignore", "pipe", "inherit"] });
    const parts: Buffer[] = [];
    child.stdout.on("data", (part: Buffer) => parts.push(part));
    await once(child, "close");
    return Buffer.concat(parts).toString().trim();
  }

  async function both(file: string): Promise<string[]> {
    const failure = (error: unknown): string => unreadable(file, error);
    const now = (): string => {
      try {
        return readSpecifiedFileSync(file).toString();
      } catch (error) {
        return failure(error);
      }
    };
    return [now(), await readSpecifiedFile(file).then(String, failure)];
  }

  it("is read whole, also where a link leads to it", async () => {
    const text = "x".repeat(200_000);
    await writeFile(path("file"), text);
    await symlink(path("file"), path("link"));
    for (const name of ["file", "link"]) expect(await both(path(name))).to.deep.equal([text, text]);
    await writeFile(path("empty"), "");
    expect(await both(path("empty"))).to.deep.equal(["", ""]);
  });

  it("is refused where it is none, or one without an end", async () => {
    await mkdir(path("folder"));
    execFileSync("mkfifo", [path("pipe")]);
    const large = await open(path("large"), "w");
    await large.truncate(16 * 1024 * 1024 + 1);
    await large.close();
    for (const [file, why] of [
      [path("gone"), "does not exist"],
      [path("folder"), "is a folder, not a file (EISDIR)"],
      [
        path("pipe"),
        "is a named pipe that no program writes to: specify a file, or a process substitution such as <(cat FILE)",
      ],
      [path("large"), "is larger than 16 MiB"],
      ["/dev/zero", "is a device, not a file"],
    ] as const) {
      expect(await both(file), file).to.deep.equal([`${file} ${why}`, `${file} ${why}`]);
    }
  });

  it("is said not to exist wherever it is specified", async () => {
    const gone = path("gone");
    const sources = { config: () => undefined, env: {} };
    const text = JSON.stringify({ snapshot_agent: { token: `file://${gone}` } });
    const request = { authMethod: "jwt", bearerTokenFile: gone, meta: {} };
    const cases: readonly (() => unknown)[] = [
      ...["tokenFile", "caFile", "caPath"].map((name) => () => resolveConnection({ [name]: gone }, sources)),
      () => resolveConnection({ certFile: gone, keyFile: gone }, sources),
      () => readConfig([{ file: "agent.json", text }], readFlags([]), { env: {} }),
      () => readConfigFiles({ configFiles: [`${gone}.json`], configFolders: [] }),
      () => readIdentities({ identities: [], identityFiles: [gone] }, {}),
      () => login(resolveConnection({}, sources), request, new AbortController().signal, () => undefined),
    ];
    for (const read of cases) {
      const error = await failureOf(Promise.resolve().then(read));
      expect(error.message, read.toString()).to.match(/gone(\.json)? does not exist/);
      expect(error.hint, error.message).to.not.equal("");
    }
  });

  it("is refused on this thread where it is a named pipe whose writer is silent, or never ends", async () => {
    const node = `"$NODE" -e "$PROGRAM" sync`;
    const pipe = `mkfifo "$FOLDER/pipe"; exec 3<>"$FOLDER/pipe"`;
    expect(await inShell(`${pipe}; ${node} "$FOLDER/pipe"`)).to.equal(
      `refused: ${path("pipe")} is a pipe that nothing has come from for 2 s`,
    );
    const endless = `while :; do printf x; read -t 0.2 < <(:); done >"$FOLDER/endless" 2>/dev/null & writer=$!`;
    expect(await inShell(`mkfifo "$FOLDER/endless"; ${endless}; ${node} "$FOLDER/endless"; kill $writer`)).to.equal(
      `refused: ${path("endless")} is a pipe that has not ended within 10 s`,
    );
  });

  for (const way of WAYS) {
    it(`may be a process substitution, standard input or a named pipe with a writer: ${way}`, async () => {
      const node = `"$NODE" -e "$PROGRAM" ${way}`;
      expect(await inShell(`${node} <(printf secret)`)).to.equal("secret");
      expect(await inShell(`${node} <(printf sec; read -t 0.2 < <(:); printf ret)`)).to.equal("secret");
      expect(await inShell(`head -c 150000 /dev/zero | tr '\\0' x | ${node} /dev/stdin | wc -c`)).to.equal("150001");
      expect(await inShell(`printf secret > "$FOLDER/file"; ${node} /proc/self/fd/0 < "$FOLDER/file"`)).to.equal(
        "secret",
      );
      expect(
        await inShell(`mkfifo "$FOLDER/pipe"; printf secret > "$FOLDER/pipe" & ${node} "$FOLDER/pipe"; wait`),
      ).to.equal("secret");
      expect(await inShell(`${node} /dev/stdin < /dev/zero`)).to.equal("refused: /dev/stdin is larger than 16 MiB");
    });
  }
});
