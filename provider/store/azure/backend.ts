import { bucketBackend } from "../bucketBackend";
import { azureSettings } from "./config";
import { azureErrors } from "./errors";

export const azureBackend = bucketBackend({
  scheme: "azblob",
  settings: azureSettings,
  errors: azureErrors,
  open: async (location, stallMs, credentials, hints) =>
    (await import("./store.js")).azureStore(location, stallMs, credentials?.azure, hints),
});
