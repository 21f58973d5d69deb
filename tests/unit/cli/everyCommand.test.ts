import { expect } from "chai";
import { COMMANDS } from "../../../cli/commands";
import { commandHelp } from "../../../cli/description/helpText";
import type { Option, OptionTable } from "../../../cli/description/option";
import { connectionOptions } from "../../../cli/options/connection";
import { decryptionOptions } from "../../../cli/options/decryption";
import { encryptionOptions } from "../../../cli/options/encryption";
import { retentionOptions } from "../../../cli/options/retention";
import { sourceOptions } from "../../../cli/options/source";
import { parseArguments } from "../../../cli/description/parse";
import { SnapshotError } from "../../../provider/errors";
import { optionFlag } from "../../../provider/optionFlag";

/** The flags of `consul snapshot` and of what all of Consul's commands have, as its documentation spells them. */
const CONSUL_FLAGS = [
  "-http-addr=127.0.0.1:8500",
  "-token=geheim123",
  "-token-file=token",
  "-ca-file=ca.pem",
  "-ca-path=ca",
  "-client-cert=cert.pem",
  "-client-key=key.pem",
  "-tls-server-name=consul",
  "-datacenter=dc1",
  "-namespace=team",
  "-partition=default",
  "-stale",
  "-append-filename=dc",
  "-kvdetails",
  "-kvdepth=2",
  "-kvfilter=app/",
  "-format=json",
] as const;

/** Options that belong together: a command has all of them, or none. */
const GROUPS: Readonly<Record<string, OptionTable>> = {
  connection: connectionOptions,
  decryption: decryptionOptions,
  encryption: encryptionOptions,
  retention: retentionOptions,
  source: sourceOptions,
};

/** The agent has the flags of another program. */
const OURS = COMMANDS.filter(({ readsOwnArguments }) => readsOwnArguments !== true);

describe("every command", () => {
  for (const command of COMMANDS) {
    const { name, options, examples } = command;

    it(`${name}: --help has two examples, and --format json is among the options`, () => {
      expect(examples.length).to.be.at.least(2);
      expect(commandHelp(command)).to.match(/^ {2}--format (pretty\|)?json\b/m);
    });

    if (command.readsOwnArguments === true) continue;

    it(`${name}: options for the same thing are the same as everywhere`, () => {
      for (const [group, table] of Object.entries(GROUPS)) {
        // Of `list` and its like, --series chooses archives without --latest.
        const own =
          group === "source" ? options["latest"] : Object.keys(table).find((key) => Object.hasOwn(options, key));
        if (own === undefined) continue;
        for (const [key, option] of Object.entries(table)) {
          const described = options[key];
          expect(described && formOf(described), `${group}: ${optionFlag(key)}`).to.deep.equal(formOf(option));
        }
      }
    });

    for (const typed of CONSUL_FLAGS) {
      it(`${name} ${typed}: the answer says what to do, and that works`, () => {
        const operands = command.operands.map(({ choices }) => choices?.[0] ?? "x");
        const required = Object.entries(options).flatMap(([key, option]) =>
          option.required === true ? [`${optionFlag(key)}=1`] : [],
        );
        const { code, message, hint } = problemOf(() => parseArguments([...operands, ...required, typed], command));
        expect(code).to.equal("ARGUMENT_INVALID");
        expect(message + hint).to.not.include("geheim");
        const [, flag] = /^Did you mean (--[a-z-]+)/.exec(hint) ?? [];
        const [, other, theirs] = /^Did you mean consul-snapshot (\w+) (-[a-z-]+)/.exec(hint) ?? [];
        if (flag !== undefined) {
          const value = /=(.*)$/.exec(typed)?.[1];
          const words = value === undefined ? [flag] : [flag, value];
          expect(() => parseArguments([...operands, ...required, ...words], command)).to.not.throw();
        } else if (other !== undefined) {
          const known = Object.keys(COMMANDS.find((each) => each.name === other)?.options ?? {}).map(optionFlag);
          expect(known).to.include(theirs);
        } else {
          expect(hint).to.match(
            /: omit it\.$|^This command needs no token\.$|--token-file|^Did you mean placeholders in the TARGET/,
          );
        }
      });
    }
  }

  it("knows the connection of Consul in those that connect to it", () => {
    const connecting = OURS.filter(({ options }) => Object.hasOwn(options, "httpAddr")).map(({ name }) => name);
    expect(connecting).to.deep.equal(["save", "diff", "restore"]);
  });

  it("names the command of the agent for its flags, and keep-last for retain", () => {
    const save = OURS.find(({ name }) => name === "save")!;
    expect(problemOf(() => parseArguments(["x", "-interval=1h"], save)).hint).to.equal(
      "Did you mean consul-snapshot agent -interval VALUE?",
    );
    expect(problemOf(() => parseArguments(["x", "-retain=3"], save)).hint).to.equal("Did you mean --keep-last N?");
  });
});

/** What a user can observe but the sentence, which says what the command does with it. */
function formOf({ value, choices, default: preset, list, environment }: Option): object {
  return { value, choices, preset, list, environment };
}

function problemOf(work: () => unknown): SnapshotError {
  try {
    work();
  } catch (error) {
    if (error instanceof SnapshotError) return error;
    throw error;
  }
  throw new Error("it is accepted");
}
