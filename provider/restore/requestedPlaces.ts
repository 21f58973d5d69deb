/**
 * The places in a receipt. Others can forge it, so they are neither used nor shown: the archive is the one that the request
 * names, and a safety snapshot is shown if it lies at the target of the request and was saved for this attempt.
 */

import { readManifest } from "../catalog/manifest";
import { compact } from "../compact";
import { isCode, SnapshotError } from "../errors";
import { formatLocation, type Location } from "../store/location";
import { fixedPrefix } from "../store/nameTemplate";
import type { Attempt } from "./attempt";
import { listObjects } from "./listedObjects";
import type { Receipt } from "./receipt";
import type { RestoreRequest } from "./request";
import type { Session } from "./session";
import { remark } from "../text";

/** @throws SnapshotError `INTERRUPTED` */
export async function withRequestedPlaces(receipt: Receipt, session: Session): Promise<Receipt> {
  const safetySnapshot = await findSafetySnapshot(receipt, session);
  const { result } = receipt;
  return compact({
    ...receipt,
    attempt: compact({ ...withoutForeignPlaces(receipt.attempt, session.request), safetySnapshot }),
    result: result && compact({ ...result, safetySnapshot }),
  });
}

/** An attempt of a receipt with the request's archive, and without a safety snapshot. */
export function withoutForeignPlaces(attempt: Attempt, { source }: Pick<RestoreRequest, "source">): Attempt {
  return compact({ ...attempt, source: formatLocation(source), safetySnapshot: undefined });
}

async function findSafetySnapshot({ attempt, location }: Receipt, session: Session): Promise<string | undefined> {
  if (attempt.safetySnapshot === undefined) return undefined;
  const { request, reporter } = session;
  const found =
    typeof request.safetySnapshot === "object"
      ? await findAt(request.safetySnapshot.target, attempt, session)
      : undefined;
  if (found === undefined) {
    reporter.info(remark`the receipt ${location} names a safety snapshot that is not at the place of this request`);
  }
  return found;
}

/** The name comes from the listing, and the manifest beside it must describe the state before the attempt. */
async function findAt(target: Location, attempt: Attempt, session: Session): Promise<string | undefined> {
  const { signal } = session.reporter;
  try {
    const store = await session.storeAt(target);
    for await (const { key, size } of listObjects(store, fixedPrefix(target.key), signal)) {
      const location = formatLocation(target, key);
      if (location !== attempt.safetySnapshot) continue;
      const manifest = await readManifest(store, key, { signal });
      const isOfAttempt =
        manifest?.purpose === "safety" &&
        manifest.snapshotId === attempt.before.snapshotId &&
        manifest.storedSize === size;
      return isOfAttempt ? location : undefined;
    }
  } catch (error) {
    if (!(error instanceof SnapshotError) || isCode(error, "INTERRUPTED")) throw error;
  }
  return undefined;
}
