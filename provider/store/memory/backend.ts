/** Objects in the memory of this process, for tests: `memory://BUCKET/KEY`. The product does not register it. */

import { bucketBackend } from "../bucketBackend";

export const memoryBackend = bucketBackend({
  scheme: "memory",
  settings: { kinds: {} },
  open: async (location, stallMs) => (await import("./store.js")).memoryStore(location, stallMs),
});
