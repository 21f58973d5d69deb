/**
 * How a front end calls the arguments that a message is about: `validUntil` in a program, `--valid-until` on the command line,
 * `token_file` in the agent's configuration. A message says only what its reader can set.
 */

import type { CONNECTION } from "./tables/connection";
import type { DECRYPTION } from "./tables/decryption";
import { type Noun, NOUNS } from "./tables/nouns";
import { RESTORE, type SAFETY_SNAPSHOT } from "./tables/restore";
import type { Row, Table } from "./tables/row";
import { SNAPSHOT } from "./tables/snapshot";

/** An argument, by its path in a program. */
export type ArgumentPath =
  | keyof typeof SNAPSHOT
  | keyof typeof RESTORE
  | `connection.${keyof typeof CONNECTION}`
  | `decryption.${keyof typeof DECRYPTION}`
  | `safetySnapshot.${keyof typeof SAFETY_SNAPSHOT}`;

export interface Vocabulary {
  /** Whether the front end is a program: stack configuration then sets what its arguments omit. */
  readonly isProgram: boolean;
  /** Such as `validUntil` or `--valid-until`; nothing where the front end does not have the argument. */
  nameOf(argument: ArgumentPath): string | undefined;
  /** How it is set to a value, such as `allow: ["otherCluster"]` or `--allow otherCluster`; nothing as above. */
  assignment(argument: ArgumentPath, value: string | readonly string[]): string | undefined;
}

const RESOURCES: Table = { ...SNAPSHOT, ...RESTORE };

/** The table row of an argument. */
export function rowAt(argument: ArgumentPath): Row | undefined {
  const [name = "", inner] = argument.split(".");
  return inner === undefined ? RESOURCES[name] : NOUNS[name as Noun][inner];
}

/** @param table - the arguments of the resource */
function programVocabulary(table: Table): Vocabulary {
  const nameOf = (argument: ArgumentPath): string | undefined => {
    const [name = ""] = argument.split(".");
    return Object.hasOwn(table, name) ? argument : undefined;
  };
  return {
    isProgram: true,
    nameOf,
    assignment(argument, value) {
      const name = nameOf(argument);
      return name === undefined ? undefined : `${name}: ${literal(value)}`;
    },
  };
}

function literal(value: string | readonly string[]): string {
  return typeof value === "string"
    ? JSON.stringify(value)
    : `[${value.map((each) => JSON.stringify(each)).join(", ")}]`;
}

export const SNAPSHOT_VOCABULARY = programVocabulary(SNAPSHOT);
export const RESTORE_VOCABULARY = programVocabulary(RESTORE);
/** For what does not know which resource it works for. */
export const PROGRAM_VOCABULARY = programVocabulary(RESOURCES);
