/** `consul-snapshot list`: prints the archives at a place as they are found, so memory does not grow with their number. */

import { type Listed, type ListedArchive, listPlace, type Others, visitArchives } from "../../provider/catalog/list";
import { isNewer } from "../../provider/catalog/newest";
import { reasonsToKeep, type Reasoning } from "../../provider/retention/reasons";
import { isEmpty, type Policy } from "../../provider/retention/policy";
import { compact } from "../../provider/compact";
import { formatLocation } from "../../provider/store/location";
import { explain } from "../../provider/errors";
import type { CommandIo } from "../description/command";
import type { OptionValues } from "../description/option";
import type { retentionOptions } from "../options/retention";
import { retentionPolicy } from "../options/retentionPolicy";
import { type Place, withPlace } from "../../provider/catalog/place";
import { interruptible } from "../terminal/interruption";
import { type CleanLines, composed } from "../../provider/text";
import { shown } from "../terminal/rows";
import { jsonPrinter, type Other, prettyPrinter, type Printer } from "./printer";

export interface ListOptions extends OptionValues<typeof retentionOptions> {
  readonly series?: string;
  readonly all?: boolean;
  readonly format?: string;
}

const INCOMPLETE = 2;
/** Maximum number of entries in memory for sorting; a manifest takes some kilobytes. */
const MOST_SORTED = 1000;

/**
 * @returns the exit code
 * @throws SnapshotError `ARGUMENT_INVALID`, `TARGET_INVALID`, `STORE_*`, `INTERRUPTED`
 */
export async function list(target: string, options: ListOptions, { output, errors }: CommandIo): Promise<number> {
  const policy = retentionPolicy(options, "list");
  const now = new Date();
  const printer = options.format === "json" ? jsonPrinter(output) : prettyPrinter(output, errors, now);
  try {
    const { unreadableNames } = await interruptible("the list is incomplete", (signal) =>
      withPlace(target, signal, (place) =>
        print(place, options, isEmpty(policy) ? undefined : policy, printer, now, signal),
      ),
    );
    if (unreadableNames > 0) errors.write(composed`${warningOfNames(unreadableNames, target)}\n`);
    return 0;
  } catch (error) {
    // A document that has been begun must still end as valid JSON.
    if (!(await printer.fail(error))) throw error;
    errors.write(composed`${explain(error)}\n`);
    return INCOMPLETE;
  }
}

function warningOfNames(count: number, target: string): CleanLines {
  const place = shown(target);
  return count === 1
    ? composed`warning: 1 file or folder is not listed at ${place}: its name is not UTF-8`
    : composed`warning: ${count} files or folders are not listed at ${place}: their names are not UTF-8`;
}

/** @returns what was found besides the archives */
async function print(
  place: Place,
  options: ListOptions,
  policy: Policy | undefined,
  printer: Printer,
  now: Date,
  signal: AbortSignal,
): Promise<Others> {
  const { store, location, prefix } = place;
  const retention = retentionOf(place, policy, now, signal);
  const at = (key: string): string => formatLocation(location, key);
  const printArchive = async (listed: ListedArchive): Promise<void> => {
    const reasons = (await retention(listed.manifest.series)).get(store.locate(listed.key));
    await printer.archive({ listed, location: at(listed.key), retention: reasons });
  };
  // A short list is sorted by time, a long one is in the store's order.
  let sorted = [] as ListedArchive[] | undefined;
  const others = await visitArchives(place, options.series, signal, async (listed) => {
    if (sorted === undefined) await printArchive(listed);
    else if (sorted.push(listed) > MOST_SORTED) {
      for (const each of sorted) await printArchive(each);
      sorted = undefined;
    }
    return true;
  });
  for (const each of sorted?.sort((a, b) => (isNewer(a, b) ? 1 : -1)) ?? []) await printArchive(each);
  await printer.endOfArchives(
    compact({
      name: place.name,
      series: options.series,
      orphans: others.orphanedManifests,
      unreadable: others.unreadableManifests,
      all: options.all === true,
    }),
  );
  if (options.all !== true) return others;
  for (const kind of ["orphan", "noManifest"] as const) {
    await printer.begin(kind);
    // Other objects come after the archives. The place is listed again, so that they need not be kept in memory.
    const rest = only(kind, listPlace(store, prefix, signal, kind === "noManifest"));
    for await (const listed of sortedIfFew(rest, (a, b) => (a.key < b.key ? -1 : 1))) {
      await printer.other(listed, at(listed.key));
    }
    await printer.end(kind);
  }
  return others;
}

async function* only(kind: Other["kind"], listing: AsyncIterable<Listed>): AsyncGenerator<Other> {
  for await (const listed of listing) if (listed.kind === kind) yield listed;
}

/** Sorts a short list; a long one stays in the store's order. */
async function* sortedIfFew<T>(listing: AsyncIterable<T>, compare: (a: T, b: T) => number): AsyncGenerator<T> {
  let held: T[] | undefined = [];
  for await (const listed of listing) {
    if (held === undefined) yield listed;
    else if (held.push(listed) > MOST_SORTED) {
      yield* held;
      held = undefined;
    }
  }
  yield* held?.sort(compare) ?? [];
}

/** The retention verdicts of each series, read on first use. Memory grows with the archives of series that have a policy. */
function retentionOf(
  { store, prefix }: Place,
  policy: Policy | undefined,
  now: Date,
  signal: AbortSignal,
): (series: string) => Promise<ReadonlyMap<string, Reasoning>> {
  const known = new Map<string, Promise<ReadonlyMap<string, Reasoning>>>();
  return (series) => {
    const found = known.get(series) ?? reasonsToKeep(store, prefix, series, policy, now, signal);
    known.set(series, found);
    return found;
  };
}
