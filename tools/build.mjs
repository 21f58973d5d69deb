// npm run build: installs what the lock file says, and compiles into dist/. Quick when nothing changed.
import { compile } from "./lib/compile.mjs";
import { install } from "./lib/install.mjs";
import { main } from "./lib/processes.mjs";

await main(async () => {
  await install();
  await compile();
});
