/** Pulumi's `List`: the archives of a place, each with the id for `pulumi import`. */

import { unlessAborted } from "../../abort";
import { PLACE } from "../../args/tables/listing";
import { SnapshotError } from "../../errors";
import type { Context, Values } from "../../lifecycle";
import { cleanMessage, cleanText } from "../../text";
import { holdsUnknown } from "../../values";
import { inputError, readInputs } from "./inputs";
import type { WireObject } from "../values";

const LISTED = "consul-snapshot:index:ConsulSnapshot";
/** The name of the operation in messages. */
const OWNER = "a list of ConsulSnapshot";

export interface Query {
  readonly token: string;
  readonly inputs: WireObject;
  /** Maximum number of results of all pages. Less than 1: no limit. */
  readonly limit: number;
  /** Maximum number of results of this page. Less than 1: no limit. */
  readonly pageSize: number;
  /** The token from the end of the previous page. Empty for the first page. */
  readonly continuation: string;
}

export interface Found {
  /** The location of an archive. */
  readonly id: string;
  /** The facts of its manifest, in one line: the protocol has no other place for them. */
  readonly name: string;
}

/** How a page ends. */
export type End =
  | { readonly kind: "complete" }
  /** The query contains values that are not known yet. */
  | { readonly kind: "unknown" }
  | { readonly kind: "continued"; readonly continuation: string };

/** Maximum number of results of a page, because they are sorted in memory. */
const LARGEST_PAGE = 1000;

/**
 * @param send - resolves when there is room for more
 * @throws SnapshotError `ARGUMENT_INVALID`, `TARGET_INVALID`, `STORE_*`, `INTERRUPTED`
 */
export async function list(query: Query, context: Context, send: (found: Found) => Promise<void>): Promise<End> {
  const { token, inputs } = query;
  if (token !== LISTED) {
    throw new SnapshotError("ARGUMENT_INVALID", `${cleanText(token)} cannot be listed`, `Only ${LISTED} can.`);
  }
  const { values, problems: form } = readInputs(PLACE, inputs, OWNER);
  const { checkPlace } = await import("../../functions/archivesAt.js");
  const problems = form.length > 0 ? form : checkPlace(values);
  if (problems.length > 0) throw inputError(problems, OWNER);
  if (holdsUnknown(values)) return { kind: "unknown" };
  const { signal } = context;
  const work = query.pageSize < 1 && query.continuation === "" ? sendAll : sendPage;
  try {
    // A client that stops reading must not block a canceled run.
    return await work(query, values, signal, (found) => unlessAborted(send(found), signal));
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new SnapshotError("INTERRUPTED", "the list is incomplete: it was interrupted", "List it again.", error);
  }
}

type Work = (query: Query, values: Values, signal: AbortSignal, send: (found: Found) => Promise<void>) => Promise<End>;

/** Sends all results in the store's order, as they are found. */
const sendAll: Work = async ({ limit }, values, signal, send) => {
  const { visitArchivesAt } = await import("../../functions/archivesAt.js");
  const { archiveLine } = await import("../../functions/archiveLine.js");
  let sent = 0;
  await visitArchivesAt(values, signal, async (listed, location) => {
    await send({ id: cleanMessage(location), name: archiveLine(listed) });
    sent++;
    return limit < 1 || sent < limit;
  });
  return { kind: "complete" };
};

/**
 * Sends one of several pages, sorted by location. Archives can be added and removed between two pages, so a page begins
 * after a location and not after a number of archives: no remaining archive is skipped or sent twice.
 */
const sendPage: Work = async ({ limit, pageSize, continuation }, values, signal, send) => {
  const { visitArchivesAt } = await import("../../functions/archivesAt.js");
  const { archiveLine } = await import("../../functions/archiveLine.js");
  const { Selection } = await import("../../functions/selection.js");
  const start = startOf(continuation);
  const left = limit < 1 ? Infinity : limit - start.sent;
  const most = Math.min(pageSize < 1 ? LARGEST_PAGE : pageSize, LARGEST_PAGE, left);
  // Collect one more than the page holds, to detect whether there is another page.
  const page = new Selection<{ readonly location: string; readonly line: string }>(most + 1, (one, other) =>
    one.location < other.location ? -1 : 1,
  );
  await visitArchivesAt(values, signal, (listed, location) => {
    if (location > start.after) page.add({ location, line: archiveLine(listed) });
    return true;
  });
  const found = page.sorted();
  const sent = found.slice(0, most);
  for (const { location, line } of sent) await send({ id: cleanMessage(location), name: line });
  const last = sent.at(-1);
  if (last === undefined || found.length === sent.length || sent.length === left) return { kind: "complete" };
  return { kind: "continued", continuation: `${start.sent + sent.length} ${last.location}` };
};

/** The number of results in the previous pages, and the location of the last one. */
function startOf(continuation: string): { readonly sent: number; readonly after: string } {
  if (continuation === "") return { sent: 0, after: "" };
  const [, sent, after] = /^(\d{1,15}) (.+)$/s.exec(continuation) ?? [];
  if (sent !== undefined && after !== undefined) return { sent: Number(sent), after };
  throw new SnapshotError(
    "ARGUMENT_INVALID",
    "the continuation token is not one of this version of the plugin",
    "List again from the first page.",
  );
}
