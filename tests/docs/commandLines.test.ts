import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { readFlags } from "../../agent/config/flags";
import { COMMANDS } from "../../cli/commands";
import { parseArguments } from "../../cli/description/parse";
import { SnapshotError } from "../../provider/errors";
import { keyPair } from "../support/archives/ageKeys";
import { type ConsulServer, startConsul } from "../support/consul/consul";
import { temporaryFolder } from "../support/programs/saving";
import { versitygw } from "../support/stores/s3";
import type { StoreServer } from "../support/stores/stores";
import { listPages } from "./markdown";
import { type Shell, shellIn } from "./shell";

interface Line {
  readonly place: string;
  /** From `consul-snapshot` to the end, without a comment. */
  readonly text: string;
  /** Whether it is a part of a sentence: it then may leave out what is not its subject. */
  readonly isInline: boolean;
}

const COMMAND = COMMANDS.map(({ name }) => name).join("|");
const TYPED = new RegExp(`^ *(?:npx --no )?(consul-snapshot (?:${COMMAND})\\b.*?)(?: +#.*)?$`);
const INLINE = new RegExp(`\`(?:npx --no )?(consul-snapshot (?:${COMMAND})\\b[^\`]*)\``, "g");

/** Lines that are typed, and those in sentences. What scenes show begins with `$`, and other tests play it. */
function linesOf(page: string): Line[] {
  return readFileSync(page, "utf8")
    .split("\n")
    .flatMap((line, at): Line[] => {
      const place = `${page}:${at + 1}`;
      const typed = TYPED.exec(line.replace(/^\$ /, ""))?.[1];
      if (typed !== undefined) return [{ place, text: typed, isInline: false }];
      return [...line.matchAll(INLINE)].map(([, text = ""]) => ({ place, text, isInline: true }));
    });
}

/** The words of a line up to a pipe or redirection, as a shell splits them. */
function wordsOf(text: string): string[] {
  const [first = ""] = text.split(/ (?:[|>]|&&) /);
  return (first.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []).map((word) => word.replaceAll(/["']/g, ""));
}

/** Synopses such as `consul-snapshot save TARGET [options]` are compared elsewhere. */
const isSynopsis = ({ text }: Line): boolean => text.endsWith("[options]");

describe("command lines of the documentation", function () {
  this.timeout(240_000);
  const lines = listPages()
    .filter((page) => page !== "CHANGELOG.md")
    .flatMap(linesOf)
    .filter((line) => !isSynopsis(line));

  it("have the commands, options and operands that there are", () => {
    expect(lines.length).to.be.greaterThan(50);
    const problems = [
      ...lines,
      { place: "wrong", text: "consul-snapshot verify --fast x.snap", isInline: true },
    ].flatMap(({ place, text, isInline }) => {
      const [, name = "", ...args] = wordsOf(text);
      const command = COMMANDS.find((each) => each.name === name);
      if (command === undefined) return [`${place}: no command ${name}`];
      try {
        if (command.readsOwnArguments === true) readFlags(args);
        else parseArguments(args, command);
        return [];
      } catch (error) {
        if (!(error instanceof SnapshotError)) throw error;
        const isIncomplete = / needs [A-Z]+: |^required option | needs a value$/.test(error.message);
        return isInline && isIncomplete ? [] : [`${place}: ${error.message}`];
      }
    });
    expect(problems).to.deep.equal(["wrong: unknown option --fast"]);
  });

  describe("work when they are typed", () => {
    let consul: ConsulServer;
    let store: StoreServer;
    let folder: Awaited<ReturnType<typeof temporaryFolder>>;
    let shell: Shell;
    let recipient: string;
    const path = (name: string): string => join(folder.path, name);

    before(async () => {
      [consul, store, folder] = await Promise.all([startConsul(), versitygw.start(), temporaryFolder()]);
      shell = await shellIn(folder.path, { ...store.env, CONSUL_HTTP_ADDR: consul.address });
      const keys = await keyPair();
      recipient = keys.recipient;
      for (const name of ["consul-backup.key", "backup.key"]) await writeFile(path(name), `${keys.identity}\n`);
      for (const name of ["etc", "var", "backups"]) await mkdir(path(name));
      await writeFile(
        path("etc/agent.json"),
        JSON.stringify({ snapshot_agent: { http_addr: consul.address, local_storage: { path: path("agents") } } }),
      );
      for (const key of ["app/a", "app/greeting"]) await consul.api(`/v1/kv/${key}`, { method: "PUT", body: "1" });
      await consul.api("/v1/config", { method: "PUT", body: { Kind: "service-defaults", Name: "web" } });
      for (const name of ["consul-dc1.snap", "backups/before-upgrade.snap", "location.snap"])
        await shell.type(`consul-snapshot save ./${name} --overwrite`);
      await shell.type(`consul snapshot save ${path("var/consul-1795469451610000000.snap")}`);
      for (const name of ["consul/", "consul/dc1/"])
        await shell.type(`consul-snapshot save '${store.url(name)}' --series acme/shop/prod/nightly`);
      await shell.type(
        `consul-snapshot save '${store.url("consul/NAME.snap.age")}' --recipient ${recipient} --overwrite`,
      );
      await writeFile(path(".bin/pulumi"), `#!/bin/sh\necho "${path("location.snap")}"\n`, { mode: 0o755 });
    });
    after(async () => {
      await Promise.all([consul.stop(), store.stop()]);
      await folder.remove();
    });

    /** The line for the places of this test. */
    const placed = (line: string): string =>
      line
        .replaceAll(
          /(['"]?)s3:\/\/backups\/([^?'" ]*)(\?[^'" ]*)?\1/g,
          (_all, _quote, key: string) => `'${store.url(key)}'`,
        )
        .replaceAll("/etc/consul-snapshot.json", path("etc/agent.json"))
        .replaceAll("/etc/consul-snapshot.d", path("etc"))
        .replaceAll("/var/backups/consul", path("var"))
        .replaceAll("/opt/consul", path("dead"))
        .replaceAll(/\bSOURCE\b/g, "consul-dc1.snap")
        .replaceAll(/age1\S+/g, recipient);

    async function play(line: string): Promise<void> {
      const typed = placed(line);
      if (/^consul-snapshot agent (?!.*(-check-config|-interval=0))/.test(line)) {
        const running = shell.begin(typed);
        await running.line(/Saved snapshot/);
        expect(await running.stop()).to.equal(0);
        return;
      }
      // No terminal is here to answer the question.
      const asks = /^consul-snapshot restore (?!.*--(plan|yes))/.test(line);
      const differs = /^consul-snapshot diff /.test(line);
      await shell.type(asks ? `${typed} --yes` : typed, differs ? 1 : 0);
    }

    /** Those that scenes show, and the pages that other tests play. */
    const isPlayedElsewhere = ({ place }: Line): boolean =>
      /^docs\/(how-to\/(migrate-|disaster-)|reference\/command)/.test(place);
    const typed = lines.filter((line) => !line.isInline && !isPlayedElsewhere(line) && !isShown(line));

    for (const { place, text } of typed) {
      it(`${place.replace(/:\d+$/, "")}: ${text}`, async () => {
        // So that a comparison with the current state finds something.
        await consul.api("/v1/kv/app/later", { method: "PUT", body: text });
        await play(text);
      });
    }

    for (const { name, examples } of COMMANDS.filter(({ name }) =>
      ["save", "diff", "restore", "agent", "pack"].includes(name),
    )) {
      for (const { line } of examples.filter((each) => name !== "diff" || each.line.includes("live"))) {
        it(`${name} --help: ${line}`, async () => {
          // The restores have left snapshots of Raft there.
          if (name === "pack") await cp(consul.dataDir, path("dead"), { recursive: true });
          await consul.api("/v1/kv/app/later", { method: "PUT", body: line });
          await play(line);
        });
      }
    }

    it("and do what their pages say", async () => {
      expect(JSON.parse(await readFile(path("app.json"), "utf8"))).to.deep.include({
        key: "app/a",
        flags: 0,
        value: "MQ==",
      });
      expect(await readFile(path("entries.json"), "utf8")).to.include("service-defaults");
    });
  });
});

function isShown({ place }: Line): boolean {
  const [, page = "", line = ""] = /^(.*):(\d+)$/.exec(place) ?? [];
  return readFileSync(page, "utf8").split("\n")[Number(line) - 1]?.startsWith("$ ") === true;
}
