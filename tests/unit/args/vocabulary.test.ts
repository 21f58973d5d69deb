import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect } from "chai";
import ts from "typescript";
import { CONNECTION_KEYS } from "../../../agent/config/connectionKeys";
import { FLAGS, ROOT_KEYS, SECTIONS } from "../../../agent/config/keys";
import { AGENT_VOCABULARY } from "../../../agent/config/vocabulary";
import { COMMANDS } from "../../../cli/commands";
import { commandVocabulary } from "../../../cli/options/vocabulary";
import { restoreOptions } from "../../../cli/restore/options";
import { saveOptions } from "../../../cli/save/options";
import { readIdentities } from "../../../provider/age/identities";
import { NOUNS } from "../../../provider/args/tables/nouns";
import {
  type ArgumentPath,
  PROGRAM_VOCABULARY,
  RESTORE_VOCABULARY,
  SNAPSHOT_VOCABULARY,
  type Vocabulary,
} from "../../../provider/args/vocabulary";
import { type Connection, checkConnection, resolveConnection } from "../../../provider/consul/connection";
import * as failures from "../../../provider/consul/failures";
import { explainRefusal } from "../../../provider/consul/refusals";
import { SnapshotError } from "../../../provider/errors";
import { optionFlag } from "../../../provider/optionFlag";
import type { Attempt } from "../../../provider/restore/attempt";
import { noReceipt } from "../../../provider/restore/earlierRun";
import {
  ALLOWANCES,
  GUARDS,
  type GuardName,
  refusalOf,
  refuseExpired,
  verdict,
} from "../../../provider/restore/guards";
import { type Ending, explainUnread, stateAsBefore, wrong } from "../../../provider/restore/outcomes";
import type { RestoreRequest } from "../../../provider/restore/request";
import { parseLocation } from "../../../provider/store/location";

const PATHS = Object.entries(NOUNS).flatMap(([noun, table]) =>
  Object.keys(table).map((name) => (noun === "snapshot" || noun === "restore" ? name : `${noun}.${name}`)),
) as ArgumentPath[];

/** Names of arguments that are no English words. */
const CAMEL = new RegExp(
  `\\b(${[...new Set(PATHS.map((path) => path.split(".").at(-1) ?? "").filter((name) => /[A-Z]/.test(name)))].join("|")})\\b`,
);
const OPTION = /(?<![\w-])--[a-z][a-z0-9-]*/g;

const flagsOf = (options: object): string[] => Object.keys(options).map(optionFlag);

interface FrontEnd {
  readonly what: string;
  readonly vocabulary: Vocabulary;
  /** What is wrong with a sentence that this front end shows. */
  readonly problem: (sentence: string) => string | undefined;
}

function namesNoOption(sentence: string): string | undefined {
  return sentence.match(OPTION)?.join();
}

const AGENT_KEYS = new Set([
  ...Object.keys(ROOT_KEYS),
  ...Object.entries(SECTIONS).flatMap(([section, table]) => Object.keys(table).map((name) => `${section}.${name}`)),
]);

const FRONT_ENDS: readonly FrontEnd[] = [
  { what: "a program's ConsulSnapshot", vocabulary: SNAPSHOT_VOCABULARY, problem: namesNoOption },
  { what: "a program's ConsulSnapshotRestore", vocabulary: RESTORE_VOCABULARY, problem: namesNoOption },
  ...COMMANDS.filter(({ readsOwnArguments }) => readsOwnArguments !== true).map(({ name, options }) => ({
    what: `consul-snapshot ${name}`,
    vocabulary: commandVocabulary(options),
    problem: (sentence: string) =>
      CAMEL.exec(sentence)?.[0] ?? sentence.match(OPTION)?.find((flag) => !flagsOf(options).includes(flag)),
  })),
  {
    what: "the agent",
    vocabulary: AGENT_VOCABULARY,
    problem: (sentence) => CAMEL.exec(sentence)?.[0] ?? namesNoOption(sentence),
  },
];

function connectionOf(vocabulary: Vocabulary, args: object = {}): Connection {
  return resolveConnection(args, { config: () => undefined, env: {}, vocabulary });
}

/** What a function throws. */
function thrownBy(work: () => unknown): SnapshotError {
  try {
    work();
  } catch (error) {
    if (error instanceof SnapshotError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

function textOf({ message, hint }: SnapshotError): string {
  return `${message}\n${hint}`;
}

/** What a connection says when it fails. */
function sentencesOfConnection(vocabulary: Vocabulary): string[] {
  const connection = connectionOf(vocabulary, { address: "https://c:1", tlsServerName: "other" });
  const failing = (code: string): Error => Object.assign(new Error(code), { code });
  const answers: [number, string][] = [
    [403, "Permission denied"],
    [403, "ACL not found"],
    [403, "blocked by agent configuration"],
    [500, "No path to datacenter"],
    [500, "No cluster leader"],
    [500, "leadership lost"],
    ...[302, 400, 401, 404, 407, 413, 429, 502, 504].map((status): [number, string] => [status, "no"]),
  ];
  return [
    ...answers.flatMap(([status, text]) =>
      [connection, { ...connection, token: "t" }].map((each) =>
        textOf(explainRefusal(each, { path: "/v1/snapshot", status, contentType: "text/plain", text }).error),
      ),
    ),
    ...[
      "CONNECT_TIMEOUT",
      "ECONNREFUSED",
      "ERR_TLS_CERT_ALTNAME_INVALID",
      "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
      "ERR_SSL_WRONG_VERSION_NUMBER",
      "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    ].map((code) => textOf(failures.explainNetworkError(connection, failing(code)).error)),
    textOf(failures.stalled(connection)),
    textOf(failures.stalled(connection, 5)),
    textOf(failures.tooSlow(connection, 5, 1000)),
    ...(vocabulary.nameOf("maxStaleness") === undefined ? [] : [textOf(failures.tooStale(connection, 6000, 5000))]),
  ];
}

/** What is said of settings that cannot be used. */
function sentencesOfSettings(vocabulary: Vocabulary): string[] {
  const env = { CONSUL_CACERT: "/", CONSUL_CLIENT_CERT: "/nowhere" };
  const sources = { config: () => undefined, vocabulary };
  const reasons = [
    ...checkConnection({}, { ...sources, env }),
    ...checkConnection({}, { ...sources, env: { CONSUL_CAPATH: process.execPath, CONSUL_CLIENT_KEY: "/nowhere" } }),
    ...checkConnection({ address: "http://user:password@c" }, { ...sources, env: {} }),
  ].map(({ reason }) => reason);
  return [...reasons, textOf(thrownBy(() => resolveConnection({}, { ...sources, env })))];
}

/** What a restore says that is refused, or whose result is not known. */
function sentencesOfRestore(vocabulary: Vocabulary): string[] {
  const attempt = { runId: "r", begunAt: "2026-11-24T00:00:00.000Z" } as Attempt;
  const request: RestoreRequest = {
    runId: "r",
    decryption: { identities: [], identityFiles: [], vocabulary },
    allow: [],
    owner: { organization: "o", project: "p", stack: "s", name: "n" },
    source: parseLocation("/a.snap"),
    safetySnapshot: false,
    connection: connectionOf(vocabulary),
    tokenAfterRestore: "t",
  };
  const ending: Ending = { attempt, answer: "unknown", sentAll: true };
  const refused = new SnapshotError("CONSUL_DENIED", "no", "Do it.");
  const verdicts = (Object.keys(GUARDS) as GuardName[]).map((name) => verdict(name, { ok: false, message: "no" }));
  const expired = { vocabulary, now: new Date(2), validUntil: new Date(1) };
  const found = [
    ...verdicts.map((one) => refusalOf([one], vocabulary)),
    refusalOf(
      verdicts.filter(({ overridable }) => overridable),
      vocabulary,
    ),
    ...[expired, { ...expired, now: new Date(0), consulNow: new Date(2) }].map((facts) =>
      thrownBy(() => refuseExpired(facts)),
    ),
    noReceipt("written", refused, request),
    explainUnread(ending, request, refused),
    ...[stateAsBefore(ending, request), stateAsBefore({ ...ending, answer: refused }, request)].map(
      ({ cause }) => cause,
    ),
    wrong(ending, request, "no").cause,
  ];
  return found.map((error) => textOf(error as SnapshotError));
}

async function sentencesOfDecryption(vocabulary: Vocabulary): Promise<string[]> {
  const error = await readIdentities({ identities: [], identityFiles: [], vocabulary }, {}).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  return [textOf(error as SnapshotError)];
}

describe("what a message calls an argument", () => {
  it("is the option of the command that prints it, once for each value", () => {
    const restore = commandVocabulary(restoreOptions);
    expect(restore.nameOf("tokenAfterRestore")).to.equal("--token-after-restore-file");
    expect(restore.nameOf("safetySnapshot.target")).to.equal("--safety-snapshot");
    expect(restore.assignment("allow", ["otherCluster", "otherVersion"])).to.equal(
      "--allow otherCluster --allow otherVersion",
    );
    expect(restore.assignment("consistency", "stale")).to.equal(undefined);
    expect(commandVocabulary(saveOptions).assignment("consistency", "stale")).to.equal("--stale");
  });

  it("is the argument of the resource that fails", () => {
    expect(SNAPSHOT_VOCABULARY.assignment("consistency", "stale")).to.equal('consistency: "stale"');
    expect(SNAPSHOT_VOCABULARY.nameOf("runId")).to.equal(undefined);
    expect(RESTORE_VOCABULARY.assignment("allow", ["otherCluster", "otherVersion"])).to.equal(
      'allow: ["otherCluster", "otherVersion"]',
    );
    expect(RESTORE_VOCABULARY.nameOf("consistency")).to.equal(undefined);
    expect(PROGRAM_VOCABULARY.nameOf("connection.caFile")).to.equal("connection.caFile");
  });

  it("is a key of the agent's configuration", () => {
    const names = PATHS.flatMap((path) => AGENT_VOCABULARY.nameOf(path) ?? []);
    expect(names).to.include.members([...Object.values(CONNECTION_KEYS), "snapshot.stale"]);
    expect(names.filter((name) => !AGENT_KEYS.has(name))).to.deep.equal([]);
  });

  it("is known to each front end that restores", () => {
    const folder = "provider/restore";
    const uses = readdirSync(folder).flatMap((file) =>
      [...readFileSync(join(folder, file), "utf8").matchAll(/\bargumentName\([^"()]+, "([\w.]+)"\)/g)].map(
        ([, path]) => path as ArgumentPath,
      ),
    );
    expect(new Set(uses)).to.include("runId").and.include("tokenAfterRestore");
    for (const vocabulary of [commandVocabulary(restoreOptions), RESTORE_VOCABULARY]) {
      for (const path of uses) expect(vocabulary.nameOf(path), path).to.be.a("string");
      for (const guard of ALLOWANCES) expect(vocabulary.assignment("allow", [guard])).to.include(guard);
    }
  });
});

describe("messages name what their reader can set:", () => {
  for (const { what, vocabulary, problem } of FRONT_ENDS) {
    it(what, async () => {
      const connects = vocabulary.nameOf("connection.address") !== undefined;
      const restores = vocabulary.nameOf("runId") !== undefined;
      const sentences = [
        ...(connects ? [...sentencesOfConnection(vocabulary), ...sentencesOfSettings(vocabulary)] : []),
        ...(restores ? sentencesOfRestore(vocabulary) : []),
        ...(await sentencesOfDecryption(vocabulary)),
      ];
      for (const sentence of sentences) {
        expect(problem(sentence.replaceAll(/\(guard \w+\)/g, "")), sentence).to.equal(undefined);
        expect(sentence).to.not.match(/\bundefined\b|: \.|  |\bor \.|, or$/m);
      }
      const said = sentences.join("\n");
      for (const path of ["decryption.identityFiles", "connection.caFile", "tokenAfterRestore"] as const) {
        const name = vocabulary.nameOf(path);
        if (name !== undefined) expect(said).to.include(name);
      }
      expect(said.includes("If quorum is lost")).to.equal(vocabulary.nameOf("consistency") !== undefined);
    });
  }
});

/** The texts of more than one word in a file's code: of a template, what lies between its values. */
function sentencesIn(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) found.push(node.text);
    if (ts.isTemplateExpression(node)) {
      found.push([node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join("…"));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found.filter((text) => text.includes(" "));
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
}

describe("the code of", () => {
  /** What only a program can meet, and what only a program is told. */
  const OF_PROGRAMS = /^provider\/(args|resources|functions|hosts)\//;
  /** Headers and the namespace of stack configuration can be set only in a program. */
  const ONLY_IN_PROGRAMS = "provider/consul/connection.ts";
  /** A command line. */
  const RESCUE = "provider/restore/rescueCommand.ts";
  const OURS = new Set(COMMANDS.flatMap(({ options }) => flagsOf(options)));

  it("rooms that work for all front ends names no argument and no option itself", () => {
    const files = filesIn("provider").filter((file) => !OF_PROGRAMS.test(file));
    expect(files).to.have.length.greaterThan(150);
    for (const file of files) {
      for (const sentence of sentencesIn(file)) {
        if (file !== ONLY_IN_PROGRAMS) expect(CAMEL.exec(sentence)?.[0], `${file}: ${sentence}`).to.equal(undefined);
        const named = sentence.replaceAll(/\bage --\w+/g, "").match(OPTION) ?? [];
        if (file !== RESCUE)
          expect(
            named.filter((flag) => OURS.has(flag)),
            `${file}: ${sentence}`,
          ).to.deep.equal([]);
      }
    }
  });

  it("each command names only its own options", () => {
    const global = ["--help", "--version"];
    for (const file of filesIn("cli")) {
      const [, folder = ""] = file.split("/");
      const name = folder === "commands" ? basename(file, ".ts") : folder;
      const own = COMMANDS.find((command) => command.name === name);
      const known = [...(own === undefined ? OURS : flagsOf(own.options)), ...global];
      for (const sentence of sentencesIn(file)) {
        // A sentence that names another command has that command's options.
        const named = COMMANDS.filter((command) => new RegExp(`\\b${command.name}\\b`).test(sentence));
        const allowed = [...known, ...named.flatMap(({ options }) => flagsOf(options))];
        const foreign = sentence.match(OPTION)?.filter((flag) => !allowed.includes(flag));
        expect(foreign ?? [], `${file}: ${sentence}`).to.deep.equal([]);
        expect(CAMEL.exec(sentence)?.[0], `${file}: ${sentence}`).to.equal(undefined);
      }
    }
  });

  it("the agent names only its flags", () => {
    const flags = new Set([...FLAGS.keys(), "help", "check-config", "config-file", "config-dir", "format"]);
    for (const file of filesIn("agent")) {
      for (const sentence of sentencesIn(file)) {
        const foreign = [...sentence.matchAll(/(?<![\w…-])--?([a-z][a-z0-9-]+)/g)].filter(
          ([, flag = ""]) => !flags.has(flag),
        );
        expect(
          foreign.map(([flag]) => flag),
          `${file}: ${sentence}`,
        ).to.deep.equal([]);
      }
    }
  });
});
