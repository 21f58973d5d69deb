/** The facts of an archive that `consul snapshot inspect` does not print. */

import { suffrageName } from "../../provider/archive/meta";
import type { ArchiveReport } from "../../provider/archive/reader";
import { problemsOnNewest, restoredBy } from "../../provider/archive/restorable";
import { alignColumns } from "../consulOutput/columns";
import { byteSize } from "../consulOutput/goText";
import { shown } from "../terminal/rows";

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
    Problems: problemsOnNewest(report).map(({ message }) => message),
  };
}

export function fullPretty(report: ArchiveReport): Promise<Buffer> {
  const { meta, state, archiveSize, sha256 } = report;
  const versions = restoredBy(report);
  const rest = state.kv?.rest.count ?? 0;
  const lines = [
    "",
    ` Archive\t${byteSize(archiveSize)}`,
    ` SHA-256\t${sha256}`,
    ` Last index\t${state.lastIndex}`,
    ...meta.servers.map(
      ({ id, address, suffrage }) => ` Server\t${shown(address)}, ${suffrageName(suffrage)}, ${shown(id)}`,
    ),
    ` Restored by\t${versions.length === 0 ? "no Consul that is known" : `Consul ${versions.join(", ")}, by their sources`}`,
    ...problemsOnNewest(report).map(({ message }) => ` Problem\t${shown(message)}`),
    ...(rest === 0 ? [] : [` More keys\t${rest}, under prefixes that are not listed`]),
    "",
    " Type\tFirst at\tDigest",
    " ----\t----\t----",
    ...state.groups.map(({ type, offset, digest }) => ` ${type}\t${offset}\t${digest}`),
  ];
  return alignColumns(Buffer.from(lines.join("\n")));
}
