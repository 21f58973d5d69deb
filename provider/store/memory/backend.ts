/** Objects in the memory of this process, for tests: `memory://BUCKET/KEY`. The product does not register it. */

import type { Backend } from "../backend";
import { formatBucketUrl, parseBucketUrl } from "../bucketUrl";

const settings = { kinds: {} };

export const memoryBackend: Backend = {
  scheme: "memory",
  settings,
  parse: (rest) => parseBucketUrl("memory", settings, rest),
  format: formatBucketUrl,
  open: async (location, stallMs) => (await import("./store.js")).memoryStore(location, stallMs),
};
