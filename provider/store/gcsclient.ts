/** A client of a Google Cloud Storage bucket from a target's settings. The variables are those that Pulumi reads. */

import type { Bucket, StorageOptions } from "@google-cloud/storage";
import { SnapshotError } from "../errors";
import type { Location } from "./location";
import { loadGoogleAuth, loadSdk } from "./sdk";
import { endpointOf, flag } from "./settings";

/**
 * Credentials, in this order: `GOOGLE_CREDENTIALS` (the text of a credentials file), `GOOGLE_OAUTH_ACCESS_TOKEN`, and
 * Google's own default credentials. A server of another address (`endpoint=`) is asked without any.
 *
 * @throws SnapshotError `TARGET_INVALID` or `STORE_DENIED`
 */
export function gcsBucket({ bucket, settings }: Location, env: NodeJS.ProcessEnv = process.env): Bucket {
  const sdk = loadSdk("@google-cloud/storage");
  const endpoint = settings.get("endpoint");
  const universeDomain = settings.get("universe_domain");
  const userProject = settings.get("userProject");
  const storage = new sdk.Storage({
    ...credentials(settings, env),
    ...(endpoint === undefined ? {} : { apiEndpoint: endpointOf(`gs://${bucket}`, endpoint, false), projectId: "-" }),
    ...(universeDomain === undefined ? {} : { universeDomain }),
    // Every write is marked, so that doing it twice is seen.
    retryOptions: { maxRetries: 2, retryDelayMultiplier: 1, idempotencyStrategy: sdk.IdempotencyStrategy.RetryAlways },
  });
  return storage.bucket(bucket, userProject === undefined ? {} : { userProject });
}

function credentials(settings: ReadonlyMap<string, string>, env: NodeJS.ProcessEnv): StorageOptions {
  const anonymous = flag(settings, "anonymous") || settings.get("access_id") === "-";
  if (anonymous) return { authClient: new (loadGoogleAuth().PassThroughClient)() };
  const text = env.GOOGLE_CREDENTIALS ?? "";
  if (text !== "") return { credentials: parsed(text) };
  const token = env.GOOGLE_OAUTH_ACCESS_TOKEN ?? "";
  if (token === "") return {};
  const authClient = new (loadGoogleAuth().OAuth2Client)();
  authClient.setCredentials({ access_token: token });
  return { authClient };
}

function parsed(text: string): Record<string, string> {
  try {
    return JSON.parse(text) as Record<string, string>;
  } catch {
    throw new SnapshotError(
      "STORE_DENIED",
      "GOOGLE_CREDENTIALS is not the JSON text of a credentials file",
      "Put the file's text into it, or set GOOGLE_APPLICATION_CREDENTIALS to the file's path.",
    );
  }
}
