import type { Backend } from "../backend";
import { formatBucketUrl, parseBucketUrl } from "../bucketUrl";
import { s3Settings } from "./config";
import { s3Errors } from "./errors";

export const s3Backend: Backend = {
  scheme: "s3",
  settings: s3Settings,
  errors: s3Errors,
  parse: (rest) => parseBucketUrl("s3", s3Settings, rest),
  format: formatBucketUrl,
  open: async (location, stallMs, credentials) =>
    (await import("./store.js")).s3Store(location, stallMs, credentials?.aws),
};
