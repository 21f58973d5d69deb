/** Root may read and write everything; a user may not. */

const NOBODY = 65534;

/** Does the work as a user without rights, also where the tests are run by root. */
export async function withoutRights<T>(work: () => T | Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return await work();
  process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}
