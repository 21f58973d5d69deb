/** `consul-snapshot save`: one snapshot, by the function that a ConsulSnapshot uses. */

import { recordsIn } from "../../provider/catalog/manifest";
import { compact } from "../../provider/compact";
import { parseDuration } from "../../provider/duration";
import type { Owner } from "../../provider/owner";
import { reportSeriesBeside } from "../../provider/retention/otherSeries";
import { save, type SavedArchive, type SaveRequest } from "../../provider/save/save";
import { shellWord } from "../../provider/shellWord";
import { withStore } from "../../provider/store/backends";
import { parseLocation } from "../../provider/store/location";
import { checkTemplate } from "../../provider/store/nameTemplate";
import { megabytes } from "../../provider/units";
import type { CommandIo } from "../description/command";
import { usageError } from "../description/usageError";
import { OVERWRITE } from "../options/overwrite";
import { retentionPolicy } from "../options/retentionPolicy";
import { checkSeries } from "../options/series";
import { connectionOf } from "../source/connection";
import { checkPlainName } from "../source/plainName";
import { storedJson } from "../source/storedJson";
import { interruptibleOn } from "../terminal/interruption";
import { jsonText } from "../terminal/json";
import { type CleanLines, composed, joined, sentence } from "../../provider/text";
import { shown } from "../terminal/rows";
import { type SaveOptions, saveOptions } from "./options";

/** Does not contain the host's name: a container has a new one each time, so retention would never remove anything. */
const OWNER: Owner = { organization: "consul-snapshot", project: "command", stack: "default", name: "save" };

/**
 * @returns the exit code
 * @throws SnapshotError `ARGUMENT_INVALID`, `TARGET_INVALID`, `CONSUL_*`, `ARCHIVE_*`, `STORE_*`, `INTERRUPTED`
 */
export async function saveOnce(target: string, options: SaveOptions, { output, errors }: CommandIo): Promise<number> {
  const request = saveRequest(target, options);
  const saved = await interruptibleOn(errors, "no incomplete archive was left behind", async (progress) => {
    const archive = await save(request, progress);
    const { target: place } = request;
    await reportSeriesBeside(place.key, archive, (work) => withStore(place, work), toContinue, progress);
    return archive;
  });
  output.write(options.format === "json" ? jsonText(savedJson(saved)) : describeSaved(saved));
  return 0;
}

function toContinue(series: string): string {
  return `use --series ${shellWord(series)}`;
}

/** @throws SnapshotError `ARGUMENT_INVALID`, `TARGET_INVALID` */
export function saveRequest(target: string, options: SaveOptions, env: NodeJS.ProcessEnv = process.env): SaveRequest {
  const { stale = false, overwrite = false, maxStaleness, recipient, series } = options;
  const place = parseLocation(target);
  checkTemplate(place, overwrite, OVERWRITE);
  checkPlainName("TARGET", place, recipient);
  if (maxStaleness !== undefined && !stale) {
    throw usageError("--max-staleness requires --stale: a consistent snapshot is never stale", "Add --stale.");
  }
  checkSeries(series);
  return compact({
    connection: connectionOf(options, saveOptions, env),
    consistency: stale ? "stale" : "consistent",
    maxStalenessMs: maxStaleness === undefined ? undefined : parseDuration(maxStaleness),
    target: place,
    overwrite,
    recipients: recipient,
    retention: retentionPolicy(options, "save"),
    purpose: "backup",
    owner: compact({ ...OWNER, series }),
  });
}

function describeSaved({ manifest, pruned }: SavedArchive): CleanLines {
  const records = recordsIn(manifest.contents);
  const facts = [
    sentence`index ${manifest.index}`,
    sentence`${records} records`,
    sentence`${megabytes(manifest.storedSize)}`,
    ...(manifest.encrypted ? [sentence`encrypted`] : []),
  ];
  const saved = composed`${shown(manifest.location)}: saved and verified (${joined(facts, ", ")})\n`;
  if (pruned === undefined) return saved;
  return composed`${saved}  retention: kept ${pruned.kept}, removed ${pruned.removed}\n`;
}

function savedJson({ manifest, pruned }: SavedArchive): object {
  const { location, series, datacenter, consulVersion, consistency, restorable } = manifest;
  const facts = { location, series, ...storedJson(manifest) };
  const retention = pruned && compact({ kept: pruned.kept, removed: pruned.removed, refusal: pruned.refusal });
  return compact({ ...facts, consistency, datacenter, consulVersion, restorable, pruned: retention });
}
