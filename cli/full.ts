/** What an archive tells beyond what `consul snapshot inspect` prints. */

import { suffrageName } from "../provider/archive/meta";
import type { ArchiveReport } from "../provider/archive/reader";
import { NEWEST, VERSIONS } from "../provider/archive/recordTypes";
import { restorableOn } from "../provider/archive/restorable";
import { alignColumns } from "./columns";
import { byteSize } from "./goText";

/** Further members of the JSON that Consul prints. */
export function fullJson(report: ArchiveReport): Record<string, unknown> {
  const { meta, state, archiveSize, sha256 } = report;
  return {
    Archive: { Size: archiveSize, SHA256: sha256 },
    LastIndex: state.lastIndex,
    Servers: meta.servers.map(({ id, address, suffrage }) => ({
      ID: id,
      Address: address,
      Suffrage: suffrageName(suffrage),
    })),
    Records: state.groups.map(({ code, type, count, size, offset, digest }) => {
      return { Code: code, Type: type, Count: count, Size: size, Offset: offset, Digest: digest };
    }),
    KVRest: state.kv?.rest ?? null,
    RestoredBy: restoredBy(report),
    Problems: problemsOnNewest(report),
  };
}

export function fullPretty(report: ArchiveReport): Buffer {
  const { meta, state, archiveSize, sha256 } = report;
  const versions = restoredBy(report);
  const rest = state.kv?.rest.count ?? 0;
  const lines = [
    "",
    ` Archive\t${byteSize(archiveSize)}`,
    ` SHA-256\t${sha256}`,
    ` Last index\t${state.lastIndex}`,
    ...meta.servers.map(({ id, address, suffrage }) => ` Server\t${address}, ${suffrageName(suffrage)}, ${id}`),
    ` Restored by\t${versions.length === 0 ? "no Consul that is known" : `Consul ${versions.join(", ")}`}`,
    ...problemsOnNewest(report).map((problem) => ` Problem\t${problem}`),
    ...(rest === 0 ? [] : [` More keys\t${rest}, under prefixes that are not listed`]),
    "",
    " Type\tFirst at\tDigest",
    " ----\t----\t----",
    ...state.groups.map(({ type, offset, digest }) => ` ${type}\t${offset}\t${digest}`),
  ];
  return alignColumns(Buffer.from(lines.join("\n")));
}

/** The known versions that restore it, as ranges: `1.8 to 1.14`. */
function restoredBy(report: ArchiveReport): string[] {
  const ranges: string[][] = [];
  let range: string[] | undefined;
  for (const version of VERSIONS.map((numbers) => numbers.join("."))) {
    if (restorableOn(report, version)?.restorable !== true) range = undefined;
    else if (range === undefined) ranges.push((range = [version]));
    else range.push(version);
  }
  return ranges.map((versions) => [...new Set([versions[0], versions.at(-1)])].join(" to "));
}

function problemsOnNewest(report: ArchiveReport): string[] {
  return restorableOn(report, NEWEST.join("."))?.problems.map(({ message }) => message) ?? [];
}
