/**
 * A restore's receipt. It is written before the archive is sent, so that the same run is never restored twice, even
 * without Pulumi state or from another machine. One copy is stored beside the safety snapshot and one beside the
 * archive, so that a run that changes one of these locations still finds it.
 *
 * A receipt is untrusted data: anyone who may write to its folder may have written it. It is read field by field into a
 * new object.
 */

import { createHash } from "node:crypto";
import { writtenBy } from "../catalog/packageVersion";
import { compact } from "../compact";
import type { RecordCount, Server } from "../catalog/manifest";
import { allKnown, Fields, textOf } from "../fields";
import type { Attempt, SnapshotContents } from "./attempt";
import { refused } from "./guards";
import type { Difference, Restored } from "./request";
import { normalizeRunId } from "./runId";

const SCHEMA = 1;
export const SUFFIX = ".receipt.json";

export interface Receipt {
  readonly attempt: Attempt;
  /** The result, once it is proved. */
  readonly result?: Restored;
  /** The location where the receipt was found. */
  readonly location: string;
}

/** The name prefix of a run's receipts. */
export function prefixOf(runId: string): string {
  return `consul-restore-${hashOf(runId, 16)}-`;
}

/** The name of an attempt's receipt. It is the same for concurrent runs on one cluster, whichever server answers. */
export function nameOf({ runId, serverIds }: Pick<Attempt, "runId" | "serverIds">): string {
  return prefixOf(runId) + hashOf([...serverIds].sort()[0] ?? "", 8) + SUFFIX;
}

function hashOf(text: string, digits: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, digits);
}

export function bytesOf(attempt: Attempt, result?: Restored): Uint8Array {
  const receipt = compact({ ...attempt, fromReceipt: undefined, schema: SCHEMA, writtenBy, result });
  return Buffer.from(`${JSON.stringify(receipt, null, 2)}\n`);
}

/**
 * The most complete receipt of a run, with both locations.
 *
 * @param receipts - of one run and one cluster
 */
export function bestOf(receipts: readonly Receipt[]): Receipt | undefined {
  const best = receipts.find(({ result }) => result !== undefined) ?? receipts[0];
  if (best === undefined) return undefined;
  const { claim } = best.attempt;
  const same = claim === undefined ? [best] : receipts.filter(({ attempt }) => attempt.claim === claim);
  const [receipt, otherReceipt] = same.map(({ location }) => location);
  return { ...best, attempt: { ...best.attempt, ...placesOf(receipt, otherReceipt) } };
}

export function placesOf(
  receipt: string | undefined,
  otherReceipt: string | undefined,
): Pick<Attempt, "receipt" | "otherReceipt"> {
  return compact({ receipt, otherReceipt });
}

/**
 * @param runId - of the run whose receipt it must be
 * @throws SnapshotError `RESTORE_REFUSED`
 */
export function parseReceipt(bytes: Uint8Array, location: string, runId: string): Receipt {
  const fields = Fields.parse(bytes);
  const isKnown = fields?.count("schema") === SCHEMA;
  const attempt = isKnown ? attemptIn(fields, location) : undefined;
  const result = fields?.object("result");
  const restored = result && restoredIn(result, location);
  const isOfRun = attempt !== undefined && normalizeRunId(attempt.runId) === normalizeRunId(runId);
  if (isOfRun && (result === undefined || restored !== undefined))
    return compact({ attempt, result: restored, location });
  throw refused(
    "receipt",
    `the receipt ${location} of this run cannot be read, so it is unknown whether it was restored`,
  );
}

function attemptIn(fields: Fields, location: string): Attempt | undefined {
  const required = {
    runId: fields.text("runId"),
    series: line(fields.text("series")),
    source: line(fields.text("source")),
    sha256: fields.text("sha256", 64),
    archiveSize: fields.count("archiveSize"),
    begunAt: fields.time("begunAt"),
    datacenter: line(fields.text("datacenter")),
    serverIds: fields.list("serverIds", textOf),
    archive: contentsIn(fields.object("archive")),
    before: contentsIn(fields.object("before")),
  };
  if (!allKnown(required) || required.serverIds.length === 0) return undefined;
  const safetySnapshot = line(fields.text("safetySnapshot"));
  return compact({ ...required, safetySnapshot, claim: fields.text("claim"), receipt: location, fromReceipt: true });
}

function contentsIn(fields: Fields | undefined): SnapshotContents | undefined {
  const contents = {
    snapshotId: line(fields?.text("snapshotId")),
    index: fields?.count("index"),
    records: fields?.entries("records", (group) => {
      const inner = Fields.of(group);
      const found = { count: inner?.count("count"), digest: inner?.text("digest") };
      return allKnown(found) ? found : undefined;
    }),
  };
  return allKnown(contents) ? contents : undefined;
}

function restoredIn(fields: Fields, location: string): Restored | undefined {
  const required = {
    outcome: fields.oneOf("outcome", ["exact", "drift"]),
    restoredAt: fields.time("restoredAt"),
    restoredIndex: fields.count("restoredIndex"),
    snapshotId: line(fields.text("snapshotId")),
    servers: fields.list("servers", serverIn),
    contents: fields.list("contents", recordCountIn),
    differences: fields.list("differences", differenceIn),
  };
  if (!allKnown(required)) return undefined;
  const safetySnapshot = line(fields.text("safetySnapshot"));
  const unsavedChanges = fields.count("unsavedChanges");
  return compact({ ...required, safetySnapshot, unsavedChanges, receipt: location, adopted: false });
}

function serverIn(value: unknown): Server | undefined {
  const fields = Fields.of(value);
  const server = {
    id: line(fields?.text("id")),
    address: line(fields?.text("address")),
    suffrage: line(fields?.text("suffrage")),
  };
  return allKnown(server) ? server : undefined;
}

function recordCountIn(value: unknown): RecordCount | undefined {
  const fields = Fields.of(value);
  const records = { type: line(fields?.text("type")), count: fields?.count("count"), size: fields?.count("size") };
  return allKnown(records) ? records : undefined;
}

function differenceIn(value: unknown): Difference | undefined {
  const fields = Fields.of(value);
  const difference = {
    type: line(fields?.text("type")),
    archived: fields?.count("archived"),
    found: fields?.count("found"),
    reason: line(fields?.text("reason")),
  };
  return allKnown(difference) ? difference : undefined;
}

/** Makes a string safe to show: one line without control characters. */
function line(text: string | undefined): string | undefined {
  return text?.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
}
