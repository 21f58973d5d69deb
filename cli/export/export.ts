/** `consul-snapshot export`: writes records as JSON that Consul accepts, while the archive is read. */

import { type Exported, EXPORTS, exportRecords, type ExportSummary } from "../../provider/contents/export";
import { SnapshotError } from "../../provider/errors";
import { composed } from "../../provider/text";
import { shown } from "../terminal/rows";
import type { CommandIo } from "../description/command";
import { writeTo } from "../source/sink";
import { decryptionOf, openArchive } from "../source/readArchive";
import type { ExportOptions } from "./options";

/**
 * @returns the exit code
 * @throws SnapshotError `ARCHIVE_*`, `STATE_UNDECODABLE`, `STORE_*`, `DECRYPTION_FAILED`, `ARGUMENT_INVALID`
 */
export async function exportTo(source: string, options: ExportOptions, io: CommandIo): Promise<number> {
  const what = EXPORTS.find((name) => name === options.type) ?? "keys";
  if (options.prefix !== "" && what !== "keys") {
    throw new SnapshotError("ARGUMENT_INVALID", "--prefix is for keys", `Omit --prefix, or omit --type ${what}.`);
  }
  const archive = openArchive(source, await decryptionOf(options.identity));
  let summary: ExportSummary | undefined;
  async function* bytes(): AsyncGenerator<Uint8Array, void> {
    const pieces = exportRecords(archive, what, options.prefix);
    for (;;) {
      const step = await pieces.next();
      if (step.done === true) {
        summary = step.value;
        return;
      }
      yield Buffer.from(step.value);
    }
  }
  await writeTo(options.output, bytes(), io.output);
  return summary === undefined ? 0 : report(summary, what, options.prefix, io);
}

function report({ count, omissions }: ExportSummary, what: Exported, prefix: string, { errors }: CommandIo): number {
  const { tokens, sessions } = omissions;
  if (tokens > 0)
    errors.write(composed`warning: the tokens of ${tokens} prepared queries were left out: they are secrets\n`);
  if (sessions > 0) errors.write(composed`warning: the sessions of ${sessions} prepared queries were left out\n`);
  if (count > 0 || what !== "keys" || prefix === "") return 0;
  errors.write(composed`no key begins with ${shown(prefix)}\n`);
  return 1;
}
