// npm run docs [-- arguments | docs/how-to/page.md …]: writes what the argument tables define (types of the SDK, tables of the
// reference), plays the scenes of the pages that show what commands print, and writes what they print today. tests/docs
// compares the same.
import { join } from "node:path";
import { compile } from "./lib/compile.mjs";
import { Failure } from "./lib/failure.mjs";
import { buildTools, toolNames } from "./lib/go.mjs";
import { install } from "./lib/install.mjs";
import { killLeftovers } from "./lib/leftovers.mjs";
import { root } from "./lib/paths.mjs";
import { atExit, main, run, temporaryFolder } from "./lib/processes.mjs";

await main(async () => {
  await install();
  await compile();
  const specified = process.argv.slice(2);
  if (specified.join() !== "arguments") await buildTools(toolNames());
  const temporary = temporaryFolder("pcs-");
  atExit(() => killLeftovers(temporary));
  const writer = join(root, "tests", "docs", "write.ts");
  const { code } = await run(process.execPath, ["--import", "tsx", writer, ...specified], {
    cwd: root,
    env: { ...process.env, TMPDIR: temporary },
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (code !== 0) throw new Failure("The pages were not all written.");
});
