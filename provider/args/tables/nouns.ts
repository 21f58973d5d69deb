/** Every argument table by its noun. */

import { CONNECTION, HEADER } from "./connection";
import { DECRYPTION } from "./decryption";
import { ENCRYPTION } from "./encryption";
import { RESTORE, SAFETY_SNAPSHOT } from "./restore";
import { RETENTION } from "./retention";
import type { NestedNoun, Table } from "./row";
import { INSPECT, SNAPSHOT } from "./snapshot";

export const NOUNS: Readonly<Record<NestedNoun | "snapshot" | "restore", Table>> = {
  snapshot: SNAPSHOT,
  restore: RESTORE,
  connection: CONNECTION,
  header: HEADER,
  retention: RETENTION,
  encryption: ENCRYPTION,
  decryption: DECRYPTION,
  inspect: INSPECT,
  safetySnapshot: SAFETY_SNAPSHOT,
};

export type Noun = keyof typeof NOUNS;
