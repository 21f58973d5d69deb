/**
 * The time by which ages are judged. A clock that is behind makes each archive look young, so that of the store counts,
 * too, where it has one of its own.
 */

import type { Reporter } from "../../provider/reporter";
import type { Store } from "../../provider/store/store";
import { sentence } from "../../provider/text";
import { spelledAge } from "../../provider/catalog/status";

/** Answers come late, and a `Date` header has whole seconds. */
const TOLERANCE_MS = 60_000;

/**
 * @param key - near the archives
 * @returns the later of the time of this machine and that of the store; a warning says if they differ
 */
export async function judgingTime(
  store: Pick<Store, "now">,
  key: string,
  { signal, warn }: Pick<Reporter, "signal" | "warn">,
): Promise<Date> {
  const stores = await store.now(key, { signal });
  const own = new Date();
  const ahead = own.getTime() - stores.getTime();
  if (Math.abs(ahead) > TOLERANCE_MS) {
    const by = spelledAge(Math.abs(ahead));
    const [one, other] = ahead > 0 ? ["this machine", "the store"] : ["the store", "this machine"];
    warn(
      sentence`the clock of ${one} is ${by} ahead of that of ${other}: ages are judged by it, because it is the later one`,
    );
  }
  return ahead > 0 ? own : stores;
}
