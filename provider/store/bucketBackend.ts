/** What the descriptions of all buckets share: the form of their URLs. */

import type { Backend } from "./backend";
import { formatBucketUrl, parseBucketUrl } from "./bucketUrl";

export function bucketBackend(own: Omit<Backend, "parse" | "format">): Backend {
  const { scheme, settings } = own;
  return { ...own, parse: (rest) => parseBucketUrl(scheme, settings, rest), format: formatBucketUrl };
}
