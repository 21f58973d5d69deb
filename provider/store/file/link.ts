/** Gives a finished file its name without ever replacing another file. */

import { createHash } from "node:crypto";
import { type link, open, rename, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { systemCode } from "../../systemCode";
import { partialName } from "./hiddenNames";

/** @throws an error with the code `EEXIST` if the name is taken */
export async function linkWithoutClobber(partial: string, path: string, makeLink: typeof link): Promise<void> {
  try {
    await makeLink(partial, path);
  } catch (error) {
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(systemCode(error))) throw error;
    return renameWithClaim(partial, path);
  }
  await unlink(partial);
}

/** For file systems without hard links: only the writer that creates the claim file may check the name and rename. */
async function renameWithClaim(partial: string, path: string): Promise<void> {
  // The claim file is named like an unfinished write, so listings hide it, and `sweep` removes that of a killed writer.
  const name = createHash("sha256").update(path).digest("hex").slice(0, 16);
  const claim = join(dirname(path), partialName(name));
  const handle = await open(claim, "wx", 0o600);
  try {
    if (await isPresent(path)) throw Object.assign(new Error("exists"), { code: "EEXIST" });
    await rename(partial, path);
  } finally {
    await handle.close();
    await unlink(claim);
  }
}

export async function isPresent(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
