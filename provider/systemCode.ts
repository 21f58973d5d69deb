import { UnsuitableFile } from "./unsuitableFile";

/** The code of an error of the operating system, or of Node.js, such as `ENOENT`; an empty string for any other value. */
export function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** Why a file that the user has specified cannot be read: a sentence that begins with its path, or a clause after "the file". */
export function unreadable(path: string, error: unknown): string {
  if (error instanceof UnsuitableFile) return error.message;
  const code = systemCode(error);
  if (code === "ENOENT") return `${path} does not exist`;
  if (code === "ENOTDIR") return `${path} does not exist: a part of its path is a file, not a folder`;
  if (code === "EISDIR") return `${path} is a folder, not a file (EISDIR)`;
  if (code === "EACCES" || code === "EPERM") return `${path} may not be read by this user`;
  return `${path} cannot be read${code === "" ? "" : ` (${code})`}`;
}
