import { expect } from "chai";
import { readFlags } from "../../../agent/config/flags";
import { COMMANDS } from "../../../cli/commands";
import { describeCommand } from "../../../cli/description/command";
import { type Parsed, parseArguments } from "../../../cli/description/parse";
import { SnapshotError } from "../../../provider/errors";

const command = describeCommand({
  name: "look",
  summary: "Looks",
  operands: [{ name: "SOURCE", doc: "an archive" }],
  options: {
    kvdetails: { doc: "list keys" },
    plan: { doc: "change nothing" },
    kvdepth: { value: "N", default: "2", doc: "how deep" },
    safetySnapshot: { value: "TARGET", doc: "where to save" },
    tokenFile: { value: "FILE", doc: "the token" },
    allow: { value: "GUARD", list: true, doc: "override" },
    format: { value: "FORMAT", choices: ["pretty", "json"], default: "pretty", doc: "how" },
  },
  examples: [
    { does: "a", line: "a" },
    { does: "b", line: "b" },
  ],
  exitCodes: [],
  run: () => Promise.resolve(0),
});

const parse = (...args: string[]): Parsed => {
  const parsed = parseArguments(args, command);
  if (parsed === "help") throw new Error("help");
  return parsed;
};

function problemOf(...args: string[]): SnapshotError {
  try {
    parse(...args);
  } catch (error) {
    if (error instanceof SnapshotError) return error;
  }
  throw new Error(`nothing is wrong with ${args.join(" ")}`);
}

describe("the arguments of a command", () => {
  it("are read in any order and in both forms, with defaults, lists and operands behind --", () => {
    expect(parse("x.snap")).to.deep.equal({ operands: ["x.snap"], options: { kvdepth: "2", format: "pretty" } });
    const many = parse("--allow", "a", "--kvdepth=3", "x.snap", "--kvdetails", "--allow=b", "--safety-snapshot", "");
    expect(many).to.deep.equal({
      operands: ["x.snap"],
      options: { kvdepth: "3", format: "pretty", kvdetails: true, allow: ["a", "b"], safetySnapshot: "" },
    });
    expect(parse("--", "--kvdetails").operands).to.deep.equal(["--kvdetails"]);
    expect(parse("-").operands).to.deep.equal(["-"]);
    expect(parse("x", "--kvdepth", "-1").options).to.include({ kvdepth: "-1" });
    expect(parse("x", "--safety-snapshot=--kvdetails").options).to.include({ safetySnapshot: "--kvdetails" });
  });

  it("ask for help anywhere, however wrong the others are", () => {
    for (const args of [["--help"], ["-h"], ["x", "--nothing", "--help"]]) {
      expect(parseArguments(args, command)).to.equal("help");
    }
    expect(parse("--safety-snapshot", "a", "--", "--help").operands).to.deep.equal(["--help"]);
  });

  for (const [typed, message, hint] of [
    [["x", "--fromat", "json"], /^unknown option --fromat$/, /^Did you mean --format pretty\|json\?$/],
    [["x", "--dry-run"], /^unknown option --dry-run$/, /^Did you mean --plan\?$/],
    [["x", "--zzzzzzzz"], /^unknown option --zzzzzzzz$/, /^Run consul-snapshot look --help\.$/],
    [["x", "-kvdetails"], /^option -kvdetails has one dash/, /^Did you mean --kvdetails\?$/],
    [["x", "-kvdepth=3"], /^option -kvdepth has one dash/, /^Did you mean --kvdepth N\?$/],
    [["x", "-kvdetail"], /^unknown option -kvdetail$/, /^Did you mean --kvdetails\?$/],
    [["x", "--format", "xml"], /^--format must be one of pretty, json$/, /^Use --format pretty\.$/],
    [["x", "--kvdetails=yes"], /^--kvdetails takes no value$/, /^Use --kvdetails alone/],
    [["x", "--kvdepth"], /^--kvdepth needs a value$/, /--kvdepth N/],
    [["x", "--kvdepth", "--kvdetails"], /^--kvdepth needs a value$/, /--kvdepth N/],
    [[], /^look needs SOURCE: an archive$/, /consul-snapshot look SOURCE \[options\]/],
    [["x", "y"], /^look takes 1 operand, not 2$/, /--help/],
  ] as const) {
    it(`are refused with what works instead: ${typed.join(" ")}`, () => {
      const problem = problemOf(...typed);
      expect(problem.code).to.equal("ARGUMENT_INVALID");
      expect(problem.message).to.match(message);
      expect(problem.hint).to.match(hint);
    });
  }

  it("never show the value of an option, nor accept a token", () => {
    for (const typed of ["--token=geheim123", "-token=geheim123", "--tokn=geheim123", "-secret=geheim123"]) {
      const { message, hint } = problemOf("x", typed);
      expect(message + hint).to.not.include("geheim");
    }
    expect(problemOf("x", "-token", "geheim123").hint).to.equal("Use --token-file, or set CONSUL_HTTP_TOKEN.");
  });

  it("cannot forge a line of the message", () => {
    const { message } = problemOf("x", "--\u001b[2Kvalid\nok");

    expect(message).to.not.match(/[\u0000-\u001f\u007f-\u009f]/);
  });

  it("belong to commands whose options all have a sentence, and two examples that use them", () => {
    for (const { name, options, examples, summary, exitCodes } of COMMANDS) {
      expect(summary, name).to.match(/^[A-Z].*[^.]$/);
      expect(
        exitCodes.map(({ code }) => code),
        name,
      ).to.include.members(["completion", "keygen", "list"].includes(name) ? [0, 2] : [0, 1, 2]);
      for (const [option, { doc }] of Object.entries(options)) expect(doc, `${name} ${option}`).to.match(/[^.]$/);
      for (const { line } of examples) {
        const [program, first, ...args] = line.split(" ");
        expect([program, first]).to.deep.equal(["consul-snapshot", name]);
        const described = COMMANDS.find((each) => each.name === name);
        if (described?.readsOwnArguments === true) expect(() => readFlags(args), line).to.not.throw();
        else expect(() => described && parseArguments(args, described), line).to.not.throw();
      }
    }
  });
});
