/** How the agent calls arguments: by the keys of its configuration. */

import type { ArgumentPath, Vocabulary } from "../../provider/args/vocabulary";
import { CONNECTION_KEYS } from "./connectionKeys";

/** By the path of the argument in a program. */
const KEYS: ReadonlyMap<string, string> = new Map([
  ...Object.entries(CONNECTION_KEYS).map(([setting, key]) => [`connection.${setting}`, key] as const),
  ["consistency", "snapshot.stale"],
]);

const nameOf = (argument: ArgumentPath): string | undefined => KEYS.get(argument);

/** The only key that stands for a value of an argument, `snapshot.stale`, is a switch. */
export const AGENT_VOCABULARY: Vocabulary = { isProgram: false, nameOf, assignment: nameOf };
