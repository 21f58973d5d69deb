import { readFile, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { expect } from "chai";
import { archiveOf } from "../fixtures/archive";
import { keyValue, stateOf } from "../fixtures/state";
import { command } from "../support/programs/command";
import { temporaryFolder } from "../support/programs/saving";

const PRELOAD = resolve("tests/support/programs/loadedModules.cjs");

/** What describes commands, and no more. */
const DESCRIPTIONS = [
  /^dist\/cli\/(main|commandLine|commands)\.js$/,
  /^dist\/cli\/(commands|description|options)\//,
  /^dist\/cli\/\w+\/options\.js$/,
  // The keys of an agent's configuration are its options, too.
  /^dist\/agent\/config\/(keys|destinationKeys)\.js$/,
  /^dist\/cli\/terminal\/output\.js$/,
  /^dist\/provider\/(program|singleExecutable|text|secrets|secretParts|tracedBytes|decodings|errors|suggestion|compact|optionFlag|store\/(placeholders|takenName))\.js$/,
  /^dist\/provider\/args\/tables\//,
];
const VERSION = [...DESCRIPTIONS, /^dist\/provider\/(packageFile|catalog\/packageVersion)\.js$/];
/** What reads a file: no store's SDK, nothing of Consul's API or of restores. */
const INSPECT = [
  ...DESCRIPTIONS,
  /^dist\/cli\/(inspect|source|consulOutput|terminal)\//,
  /^dist\/provider\/(archive|age|store)\//,
  /^dist\/provider\/catalog\/(manifest|manifestName)\.js$/,
  /^dist\/provider\/args\/vocabulary\.js$/,
  /^dist\/provider\/\w+\.js$/,
];

describe("the command loads only what it uses", function () {
  this.timeout(60_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  before(async () => {
    folder = await temporaryFolder();
    await writeFile(join(folder.path, "a.snap"), archiveOf(stateOf([keyValue("app/a", "1")])));
  });
  after(() => folder.remove());

  for (const [args, allowed] of [
    [["--version"], VERSION],
    [["--help"], DESCRIPTIONS],
    [["restore", "--help"], DESCRIPTIONS],
    [["verify", "--fromat", "json"], DESCRIPTIONS],
    [["inspect", "a.snap"], INSPECT],
    [["inspect", "--full", "--format", "json", "a.snap"], INSPECT],
  ] as const) {
    it(args.join(" "), async () => {
      const list = join(folder.path, "loaded");
      const env = { NODE_OPTIONS: `--require ${PRELOAD}`, LOADED_MODULES: list };
      await command(
        args.map((arg) => (arg === "a.snap" ? join(folder.path, arg) : arg)),
        { env },
      );
      const loaded = (await readFile(list, "utf8")).split("\n").map((path) => relative(".", path));
      expect(loaded).to.include("dist/cli/commandLine.js");
      const others = loaded.filter((path) => path !== relative(".", PRELOAD) && !allowed.some((one) => one.test(path)));
      expect(others).to.deep.equal([]);
    });
  }
});
