import { isSingleExecutable } from "./singleExecutable";

/**
 * The beginning of a printed command line. `--no` prevents npx from installing a foreign package with this name if ours
 * is not installed. A machine with a single executable may not have npx.
 */
export const PROGRAM = isSingleExecutable ? "consul-snapshot" : "npx --no consul-snapshot";
