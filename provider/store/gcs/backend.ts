import { bucketBackend } from "../bucketBackend";
import { gcsSettings } from "./config";
import { gcsErrors } from "./errors";

export const gcsBackend = bucketBackend({
  scheme: "gs",
  settings: gcsSettings,
  errors: gcsErrors,
  open: async (location, stallMs, credentials, hints) =>
    (await import("./store.js")).gcsStore(location, stallMs, credentials?.google, hints),
});
