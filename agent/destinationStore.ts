/** Opens the store of a destination. */

import { compact } from "../provider/compact";
import { withStore } from "../provider/store/backends";
import type { Store } from "../provider/store/store";
import { HINTS } from "./config/destinationHints";
import type { Destination } from "./config/destinations";

/** As `withStore`, with the destination's credentials; hints name its keys. */
export function withDestination<T>(
  { kind, target, credentials }: Pick<Destination, "kind" | "target" | "credentials">,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  return withStore(target, work, compact({ credentials, hints: HINTS[kind] }));
}
