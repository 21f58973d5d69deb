/** `consul-snapshot keygen`: writes an age identity to a new file. The identity is never printed. */

import { open, unlink } from "node:fs/promises";
import { generateKeyPair } from "../../provider/age/keyPair";
import { SnapshotError } from "../../provider/errors";
import { systemCode } from "../../provider/systemCode";
import type { CommandIo } from "../description/command";
import { jsonText } from "../terminal/json";
import { composed } from "../../provider/text";
import { shown } from "../terminal/rows";

/**
 * @returns the exit code
 * @throws SnapshotError `ARGUMENT_INVALID`, `STORE_*`
 */
export async function keygen(
  file: string,
  options: { readonly format?: string },
  { output }: CommandIo,
): Promise<number> {
  if (file === "" || file === "-") {
    throw new SnapshotError(
      "ARGUMENT_INVALID",
      "an identity is only written to a file",
      "Specify the path of a new file.",
    );
  }
  const { identity, recipient } = await generateKeyPair();
  const text = `# created: ${new Date().toISOString()}\n# public key: ${recipient}\n${identity}\n`;
  await writeNew(file, text);
  output.write(
    options.format === "json" ? jsonText({ recipient, identityFile: file }) : composed`${shown(recipient)}\n`,
  );
  return 0;
}

/** Flushes the file to the disk before the recipient is printed: without it, archives for that recipient would be unreadable. */
async function writeNew(file: string, text: string): Promise<void> {
  const handle = await open(file, "wx", 0o600).catch((error: unknown) => {
    throw explained(file, error);
  });
  try {
    await handle.writeFile(text);
    await handle.sync();
  } catch (error) {
    await unlink(file).catch(() => undefined);
    throw explained(file, error);
  } finally {
    await handle.close();
  }
}

/** Why a new file cannot be created, and what to do, by the system's error code. */
const REASONS: Readonly<Record<string, readonly [string, string] | undefined>> = {
  ENOENT: ["its folder does not exist", "Create the folder first, with mkdir -p, or choose another one."],
  ENOTDIR: ["a part of its path is not a folder", "Choose a file in a folder."],
  EACCES: ["permission denied", "Choose a folder that you may write to, or run the command as its owner."],
  EPERM: ["permission denied", "Choose a folder that you may write to, or run the command as its owner."],
  EROFS: ["the file system is read-only", "Choose a folder on another file system."],
  ENAMETOOLONG: ["its name is too long", "Choose a shorter name."],
};

function explained(file: string, error: unknown): SnapshotError {
  const code = systemCode(error);
  const name = shown(file);
  if (code === "EEXIST") {
    return new SnapshotError(
      "STORE_EXISTS",
      `${name} exists, and an identity is never overwritten`,
      "Choose another name.",
      error,
    );
  }
  if (code === "ENOSPC")
    return new SnapshotError("STORE_FULL", `the disk of ${name} is full`, "Free some space.", error);
  const [reason, hint] = REASONS[code] ?? [code, "Choose a file in a folder that you may write to."];
  return new SnapshotError("STORE_DENIED", `${name} cannot be written: ${reason}`, hint, error);
}
