/** Whether two records have the same content: the one comparison of records, for the proof of a restore and for diffs. */

import { hash } from "node:crypto";
import { KVS } from "../recordTypes";
import { comparableContentOf, type Content } from "./normalForm";
import type { SeenRecord } from "./stateReader";

export interface ContentDigest {
  /** SHA-256 of a record's content, one character a byte. */
  readonly content: string;
  /**
   * The same with values that may be more than unset fields, such as a zero in an unknown field. If only this one differs,
   * the records cannot be compared. Default: the record has no such values.
   */
  readonly doubtful?: string;
}

/**
 * The digest of a record's content, not of its bytes: versions of Consul encode the same record differently.
 *
 * @returns `undefined` if the content cannot be read
 */
export function contentDigest(record: SeenRecord): ContentDigest | undefined {
  const { type, value } = record;
  const { content, doubtful } = (value && comparableContentOf(type, value)) ?? {};
  const digest = digestOfContent(record, content);
  if (digest === undefined) return undefined;
  return doubtful === undefined ? { content: digest } : { content: digest, doubtful: digestOf(doubtful) };
}

/**
 * The digest of content that has already been read.
 *
 * @param content - `undefined` if it cannot be read, or is too large to be
 */
export function digestOfContent({ type, sha256, value }: SeenRecord, content: Content | undefined): string | undefined {
  // The only records of more than 1 MiB are large values, which all versions write alike.
  if (value === undefined) return type === KVS ? sha256 : undefined;
  return content === undefined ? undefined : digestOf(content);
}

function digestOf(content: Content): string {
  return hash("sha256", JSON.stringify(content), "binary");
}
