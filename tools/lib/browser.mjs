// The Chromium in which one test of the agent opens the status page: tools/browser names it, as a package that holds it
// compressed, with the libraries that it needs and a font.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { installPinnedPackages } from "./pinnedPackages.mjs";
import { run } from "./processes.mjs";

/** The test file that starts it. */
export const BROWSER_TEST = "tests/agent/statusPage.test.ts";

const UNPACK = 'import("@sparticuz/chromium").then(({ default: chromium }) => chromium.executablePath())';

/** The package's own configuration names folders of AWS Lambda. This one finds the font wherever it was unpacked. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir></fontconfig>
`;

/** Installs and unpacks it into `.tools/browser`, if it is not there. */
export async function installBrowser() {
  await installPinnedPackages("browser", "Chromium", unpack);
}

/** @param {string} folder */
async function unpack(folder) {
  const unpacked = join(folder, "unpacked");
  mkdirSync(unpacked);
  // The package unpacks into the temporary folder, and its libraries only where it believes that it runs on AWS Lambda.
  const env = { ...process.env, TMPDIR: unpacked, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs20.x" };
  const { code, output } = await run(process.execPath, ["--eval", UNPACK], { cwd: folder, env });
  if (code !== 0) throw new Failure(`Chromium could not be unpacked:\n${output.trimEnd()}`);
  writeFileSync(join(unpacked, "fonts", "fonts.conf"), FONTS);
  rmSync(join(folder, "node_modules"), { recursive: true });
}
