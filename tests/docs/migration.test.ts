import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { type ConsulServer, consulBinary, eventually, startConsul } from "../support/consul/consul";
import { temporaryFolder } from "../support/programs/saving";
import { type CodeBlock, codeBlocksOf } from "./markdown";
import { type RunningLine, type Shell, shellIn } from "./shell";

const PAGE = "docs/how-to/migrate-from-the-enterprise-agent.md";
/** That of the page's configuration. */
const RETAIN = 30;
const HOUR_MS = 3_600_000;
/** `consul lock PREFIX` holds PREFIX/.lock. */
const LOCK_PREFIX = "consul-snapshot/lock";

/** The page's steps, with its own commands, files and outputs in their order. */
describe("the migration from the Enterprise agent", function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let shell: Shell;
  let token: string;
  const running: RunningLine[] = [];
  const path = (name: string): string => join(folder.path, name);

  before(async () => {
    folder = await temporaryFolder();
    consul = await startConsul({ acl: true });
    token = await makeToken();
    shell = await shellIn(folder.path, {});
    await mkdir(path("etc"));
    await mkdir(path("backups"));
    await installOldAgent();
  });
  after(async () => {
    await Promise.all(running.map((each) => each.stop()));
    await consul.stop();
    await folder.remove();
  });

  /** The page's text, for the places of this test. */
  const placed = (text: string): string =>
    text
      .replaceAll("/etc/consul-snapshot.d", path("etc"))
      .replaceAll("/var/backups/consul", path("backups"))
      .replaceAll("127.0.0.1:8500", consul.address)
      .replaceAll("TOKEN", token)
      .replaceAll(LOCK_PREFIX, `${LOCK_PREFIX}/.lock`);
  const archives = async (): Promise<string[]> =>
    (await readdir(path("backups"))).filter((name) => /^consul-\d{19}\.snap$/.test(name)).sort();
  const manifests = async (): Promise<string[]> =>
    (await readdir(path("backups"))).filter((name) => name.endsWith(".snap.manifest.json")).sort();
  const sessions = async (): Promise<unknown> => consul.api("/v1/session/list");
  function begin(line: string): RunningLine {
    const begun = shell.begin(line);
    running.push(begun);
    return begun;
  }
  /** Without the time, and the same for every snapshot. */
  const plain = (lines: readonly string[]): string =>
    lines.map((line) => line.replace(/^\d{4}\S+ \S+ /, "").replace(/\bid=\d{19}\b/, "id=ID")).join("\n");

  /** A token with the rules that the page refers to. */
  async function makeToken(): Promise<string> {
    const rules = codeBlocksOf("docs/how-to/run-the-agent.md").find(({ language }) => language === "hcl")?.code ?? "";
    const Rules = rules.replaceAll("server-1234", consul.name).replaceAll(LOCK_PREFIX, `${LOCK_PREFIX}/.lock`);
    await consul.api("/v1/acl/policy", { method: "PUT", body: { Name: "agent", Rules } });
    const body = { Policies: [{ Name: "agent" }] };
    const { SecretID } = (await consul.api("/v1/acl/token", { method: "PUT", body })) as { SecretID: string };
    return SecretID;
  }

  /**
   * Consul's Community Edition has no `consul snapshot agent`. In its place: the Go client's lock, by which that one is
   * elected, and one snapshot by Consul's own command with that one's name.
   */
  async function installOldAgent(): Promise<void> {
    const real = consulBinary();
    const leading = path("leading");
    const named = `consul-$("${process.execPath}" -p "Date.now() + '000000'").snap`;
    const save = `"${real}" snapshot save "${path("backups")}/${named}"`;
    await writeFile(leading, `#!/bin/sh\n${save}\nexec sleep 120\n`, { mode: 0o755 });
    const lock = `exec "${real}" lock -shell=false ${LOCK_PREFIX} "${leading}"`;
    // `consul lock` also asks for the local agent, which needs a right of its own.
    const environment = `export CONSUL_HTTP_ADDR=${consul.address} CONSUL_HTTP_TOKEN=${consul.token}`;
    const script = `#!/bin/sh\nif [ "$1 $2" = "snapshot agent" ]; then\n${environment}\n${lock}\nfi\nexec "${real}" "$@"\n`;
    await writeFile(path(".bin/consul-with-agent"), script, { mode: 0o755 });
  }

  /** Archives as the old agent leaves them: one of each hour, without manifests. */
  async function makeOldArchives(count: number): Promise<void> {
    const bytes = Buffer.from(await (await consul.fetch("/v1/snapshot")).arrayBuffer());
    const last = Date.now() - HOUR_MS;
    for (let at = 0; at < count; at++) {
      await writeFile(path(`backups/consul-${last - at * HOUR_MS}000000.snap`), bytes);
    }
    await writeFile(path("backups/consul-before-upgrade.snap"), bytes);
  }

  it("goes as the page describes, and back, and again", async () => {
    const blocks = codeBlocksOf(PAGE);
    const next = (language: string): string => {
      const block: CodeBlock | undefined = blocks.shift();
      expect(block?.language, `${PAGE}:${block?.line}`).to.equal(language);
      return placed(block!.code);
    };
    await writeFile(path("etc/agent.json"), next("json"));
    await makeOldArchives(RETAIN);
    const oldAgent = (line: string): RunningLine => begin(line.replace(/^consul /, "consul-with-agent "));
    const old = oldAgent(blocks.find(({ code }) => code.startsWith("consul snapshot agent"))?.code ?? "");
    await old.line(/Saved and verified snapshot/);
    const before = await readdir(path("backups"));
    const former = await archives();
    expect(former).to.have.lengthOf(RETAIN + 1);

    // 1. Check the configuration.
    const check = next("sh");
    expect(await shell.type(check)).to.equal(`$ ${check}\n${next("text")}`);
    expect(await readdir(path("backups"))).to.deep.equal(before);

    // 2. Start the new agent beside the old one.
    const start = next("sh");
    const agent = begin(start);
    await eventually("the new agent to wait", async () => ((await sessions()) as unknown[]).length === 2);
    await agent.line(/Waiting to obtain leadership/);
    expect(plain(agent.lines)).to.equal(next("text"));
    expect(await readdir(path("backups"))).to.deep.equal(before);

    // 3. Stop the old one.
    const waited = agent.lines.length;
    await old.stop();
    const saved = await agent.line(/Saved snapshot/, waited);
    expect(plain(agent.lines.slice(waited))).to.equal(plain(next("text").split("\n")));
    const [id = ""] = /\d{19}$/.exec(saved) ?? [];
    const first = `consul-${id}.snap`;
    expect(await manifests()).to.deep.equal([`${first}.manifest.json`]);
    expect(await archives()).to.deep.equal([...former.slice(-(RETAIN - 1)), first]);

    // 4. Check the first snapshot.
    const [status = "", list = ""] = next("sh").split("\n");
    await shell.type(status);
    const [listed = "", others = ""] = (await shell.type(list)).split("\nObjects without a manifest\n");
    expect(listed).to.include(first).and.not.include(former.at(-1));
    expect(others).to.include(former.at(-1)).and.not.include(first);

    // Go back.
    expect(await agent.stop()).to.equal(0);
    expect(await sessions()).to.deep.equal([]);
    expect(Object.keys((await consul.api("/v1/agent/services")) as object)).to.deep.equal([]);
    const again = oldAgent(next("sh"));
    await again.line(/Saved and verified snapshot/);
    const [latest = ""] = (await archives()).filter((name) => !former.includes(name) && name > first);
    await shell.type(next("sh").replace(/consul-\d{19}\.snap/, first));
    expect(blocks).to.deep.equal([]);

    // And return: no snapshot is due, so only the one on demand is taken.
    const returned = begin(start);
    await returned.line(/Waiting to obtain leadership/);
    await again.stop();
    await returned.line(/Obtained leadership/);
    returned.signal("SIGUSR1");
    const demanded = `consul-${/\d{19}$/.exec(await returned.line(/Saved snapshot/))?.[0]}.snap`;
    expect(await manifests()).to.deep.equal([`${first}.manifest.json`, `${demanded}.manifest.json`]);
    expect(await archives()).to.deep.equal([...former.slice(-(RETAIN - 3)), first, latest, demanded]);
    expect(await readdir(path("backups"))).to.include("consul-before-upgrade.snap");
    expect(await returned.stop()).to.equal(0);
    expect(returned.lines.join("\n")).to.not.include("ERROR").and.not.include(token);
  });
});
