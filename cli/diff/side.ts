/** One of the two things that a diff compares: an archive, or a snapshot of the cluster that is taken now. */

import type { Decryption } from "../../provider/age/identities";
import type { ArchiveSource } from "../../provider/contents/readRecords";
import type { OptionValues } from "../description/option";
import type { connectionOptions } from "../options/connection";
import { connectionOf } from "../source/connection";
import { openArchive } from "../source/readArchive";
import type { Progress } from "../terminal/progress";
import { currentState } from "./currentState";
import { diffOptions } from "./options";

/** In place of an archive: the current state of the cluster. */
export const LIVE = "live";

type ConnectionOptions = OptionValues<typeof connectionOptions>;

/**
 * @param name - a path, a URL, `-` or `live`
 * @param decryption - for an encrypted archive, from `decryptionOf`
 * @throws SnapshotError `ARGUMENT_INVALID`, for the connection; while it is read `STORE_*`, `CONSUL_*`, `DECRYPTION_FAILED`
 */
export function openSide(
  name: string,
  options: ConnectionOptions,
  decryption: Decryption,
  progress: Progress,
): ArchiveSource {
  return name === LIVE ? currentState(connectionOf(options, diffOptions), progress) : openArchive(name, decryption);
}
