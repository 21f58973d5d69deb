import type { Backend } from "../backend";
import { formatBucketUrl, parseBucketUrl } from "../bucketUrl";
import { azureSettings } from "./config";
import { azureErrors } from "./errors";

export const azureBackend: Backend = {
  scheme: "azblob",
  settings: azureSettings,
  errors: azureErrors,
  parse: (rest) => parseBucketUrl("azblob", azureSettings, rest),
  format: formatBucketUrl,
  open: async (location, stallMs, credentials) =>
    (await import("./store.js")).azureStore(location, stallMs, credentials?.azure),
};
