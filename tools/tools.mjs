// npm run tools [-- name …]: builds the programs that tests and the demo run into .tools/bin.
import { buildTools, toolNames } from "./lib/go.mjs";
import { main } from "./lib/processes.mjs";
import { say, style } from "./lib/say.mjs";

await main(async () => {
  const names = process.argv.slice(2);
  const current = await buildTools(names.length > 0 ? names : toolNames());
  for (const { name, version } of current) say(`${style("green", "✓")} ${name} ${version} is built already`);
});
