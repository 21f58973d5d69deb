/** Whether two records have the same content: the one comparison of records, for the proof of a restore and for diffs. */

import { hash } from "node:crypto";
import { KVS } from "../recordTypes";
import { type Content, contentOf } from "./normalForm";
import type { SeenRecord } from "./stateReader";

/**
 * The digest of a record's content, not of its bytes: versions of Consul encode the same record differently.
 *
 * @returns SHA-256, one character a byte; `undefined` if the content cannot be read
 */
export function contentDigest(record: SeenRecord): string | undefined {
  return digestOfContent(record, record.value && contentOf(record.type, record.value));
}

/**
 * The same digest for content that has already been read.
 *
 * @param content - `undefined` if it cannot be read, or is too large to be
 */
export function digestOfContent({ type, sha256, value }: SeenRecord, content: Content | undefined): string | undefined {
  // The only records of more than 1 MiB are large values, which all versions write alike.
  if (value === undefined) return type === KVS ? sha256 : undefined;
  return content === undefined ? undefined : hash("sha256", JSON.stringify(content), "binary");
}
