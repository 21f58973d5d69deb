/** `consul-snapshot pack`: makes an archive, with a manifest, from the Raft snapshot on the disk of a dead server. */

import { hostname } from "node:os";
import { checkRecipients } from "../../provider/age/recipients";
import { openReader } from "../../provider/archive/thread/openReader";
import { compact } from "../../provider/compact";
import { packedArchive } from "../../provider/contents/pack";
import { findRaftSnapshot, type FoundSnapshot } from "../../provider/contents/raftSnapshot";
import { type Published, publish, unixNanoseconds } from "../../provider/save/publish";
import { openVerifiedStream } from "../../provider/save/verifiedStream";
import { withStore } from "../../provider/store/backends";
import { parseLocation } from "../../provider/store/location";
import { checkTemplate } from "../../provider/store/nameTemplate";
import type { Store } from "../../provider/store/store";
import type { CommandIo } from "../description/command";
import { checkSeries } from "../options/series";
import { checkPlainName } from "../source/plainName";
import { recordOn } from "../source/recordOn";
import { interruptibleOn } from "../terminal/interruption";
import { jsonText } from "../terminal/json";
import type { Progress } from "../terminal/progress";
import { type CleanLines, composed, joined, remark, sentence } from "../../provider/text";
import { rows, shown } from "../terminal/rows";
import type { PackOptions } from "./options";

const OWNER = { organization: "consul-snapshot", project: "command", name: "pack" };
/** Width of row names, in characters. */
const WIDTH = 10;

/**
 * @returns the exit code
 * @throws SnapshotError `STORE_*`, `ARCHIVE_*`, `STATE_UNDECODABLE`, `TARGET_INVALID`, `ARGUMENT_INVALID`, `INTERRUPTED`
 */
export async function pack(
  folder: string,
  target: string,
  options: PackOptions,
  { output, errors }: CommandIo,
): Promise<number> {
  const published = await interruptibleOn(errors, "no archive was written", (progress) =>
    write(target, options, progress, () => {
      progress.status({ phase: "readingArchive", location: folder });
      return findRaftSnapshot(folder, progress.signal);
    }),
  );
  output.write(options.format === "json" ? jsonText(packedJson(published)) : packedText(published));
  return 0;
}

type Packed = Published & FoundSnapshot;

async function write(
  target: string,
  { recipient, overwrite = false, series }: PackOptions,
  progress: Progress,
  find: () => Promise<FoundSnapshot>,
): Promise<Packed> {
  const place = parseLocation(target);
  checkTemplate(place, true);
  checkPlainName("TARGET", place, recipient);
  checkSeries(series);
  if (recipient !== undefined) await checkRecipients(recipient);
  const found = await find();
  for (const reason of found.skipped) progress.warn(remark`a newer snapshot is invalid: ${reason}`);
  // The archive is smaller than the state, but this thread compresses it, too.
  const reader = openReader({}, found.snapshot.size);
  const publishTo = async (store: Store): Promise<Published> => {
    const verified = await openVerifiedStream(packedArchive(found.snapshot), reader, () => undefined);
    const owner = compact({ ...OWNER, stack: hostname(), series });
    const request = { target: place, overwrite, purpose: "backup", consistency: "stale", owner } as const;
    const archive = { ...verified, about: {}, nanoseconds: unixNanoseconds(verified.meta) };
    const published = await publish(store, archive, compact({ ...request, recipients: recipient }), progress.signal);
    const { unannounced, stored, manifest } = published;
    if (unannounced !== undefined) await recordOn(progress, store, stored, manifest);
    return published;
  };
  try {
    return { ...(await withStore(place, publishTo)), ...found };
  } finally {
    reader.destroy();
  }
}

function packedJson({ manifest, snapshot, skipped }: Packed): object {
  const { location, series, snapshotId, takenAt, index, size, archiveSize, sha256 } = manifest;
  return { location, series, source: snapshot.folder, snapshotId, takenAt, index, size, archiveSize, sha256, skipped };
}

function packedText({ manifest, snapshot }: Packed): CleanLines {
  const lines = [
    composed`Packed and verified ${shown(manifest.location)}`,
    ...rows(
      [
        ["from", snapshot.folder],
        ["taken", manifest.takenAt],
        ["index", manifest.index],
        ["SHA-256", manifest.sha256],
      ],
      WIDTH,
    ),
    sentence`Writes after this index are only in the log of Raft, and are not in the archive: see whether another server has a newer`,
    sentence`snapshot.`,
  ];
  return composed`${joined(lines, "\n")}\n`;
}
