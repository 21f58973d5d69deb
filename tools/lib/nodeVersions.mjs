// The newer versions of Node on which one test of the engine runs, and the newest Pulumi SDK: tools/node-versions names
// them, as packages.
import { installPinnedPackages } from "./pinnedPackages.mjs";

/** The test file that runs on them. */
export const NODE_VERSIONS_TEST = "tests/engine/nodeVersions.test.ts";

/** Installs them into `.tools/node-versions`, if they are not there. */
export async function installNodeVersions() {
  await installPinnedPackages("node-versions", "newer versions of Node.js");
}
