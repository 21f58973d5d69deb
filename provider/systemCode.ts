/** The code of an error of the operating system, or of Node.js, such as `ENOENT`; an empty string for any other value. */
export function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
