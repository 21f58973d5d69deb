import { bucketBackend } from "../bucketBackend";
import { s3Settings } from "./config";
import { s3Errors } from "./errors";

export const s3Backend = bucketBackend({
  scheme: "s3",
  settings: s3Settings,
  errors: s3Errors,
  open: async (location, stallMs, credentials, hints) =>
    (await import("./store.js")).s3Store(location, stallMs, credentials?.aws, hints),
});
