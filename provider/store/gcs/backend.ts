import type { Backend } from "../backend";
import { formatBucketUrl, parseBucketUrl } from "../bucketUrl";
import { gcsSettings } from "./config";
import { gcsErrors } from "./errors";

export const gcsBackend: Backend = {
  scheme: "gs",
  settings: gcsSettings,
  errors: gcsErrors,
  parse: (rest) => parseBucketUrl("gs", gcsSettings, rest),
  format: formatBucketUrl,
  open: async (location, stallMs, credentials) =>
    (await import("./store.js")).gcsStore(location, stallMs, credentials?.google),
};
