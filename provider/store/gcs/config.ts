/** The settings of a Google Cloud Storage target, and a client made from them. The variables are those that Pulumi reads. */

import { compact } from "../../compact";
import type { Bucket, StorageOptions } from "@google-cloud/storage";
import { SnapshotError } from "../../errors";
import type { Location } from "../backend";
import { loadGoogleAuth, loadSdk } from "../cloudSdks";
import type { GoogleCredentials } from "../credentials";
import { GOOGLE_PROXIES, checkProxyVariables } from "../proxyVariables";
import { endpointOf, flag, type SettingsTable } from "../settings";

export const gcsSettings: SettingsTable = {
  kinds: {
    anonymous: "flag",
    access_id: "text",
    private_key_path: "unused",
    universe_domain: "text",
    endpoint: "text",
    userProject: "text",
    kmsKeyId: "text",
    storageClass: "text",
  },
};

/**
 * Credentials, in this order: `GOOGLE_CREDENTIALS` (the text of a credentials file), `GOOGLE_OAUTH_ACCESS_TOKEN`, and
 * Google's own default credentials. Requests to another server (`endpoint=`) use no credentials.
 *
 * @throws SnapshotError `TARGET_INVALID` or `STORE_DENIED`
 */
export function gcsBucket(
  { bucket, settings }: Location,
  env: NodeJS.ProcessEnv = process.env,
  own: GoogleCredentials = {},
): Bucket {
  checkProxyVariables(GOOGLE_PROXIES);
  const sdk = loadSdk("@google-cloud/storage");
  const endpoint = settings.get("endpoint");
  const universeDomain = settings.get("universe_domain");
  const userProject = settings.get("userProject");
  const storage = new sdk.Storage(
    compact({
      ...credentials(settings, env, own),
      ...(endpoint === undefined ? {} : { apiEndpoint: endpointOf(`gs://${bucket}`, endpoint, false), projectId: "-" }),
      universeDomain,
      // Retries are safe: every write is marked, so a duplicate is detected.
      retryOptions: {
        maxRetries: 2,
        retryDelayMultiplier: 1,
        idempotencyStrategy: sdk.IdempotencyStrategy.RetryAlways,
      },
    }),
  );
  return storage.bucket(bucket, compact({ userProject }));
}

function credentials(
  settings: ReadonlyMap<string, string>,
  env: NodeJS.ProcessEnv,
  { credentialsFile }: GoogleCredentials,
): StorageOptions {
  const anonymous = flag(settings, "anonymous") || settings.get("access_id") === "-";
  if (anonymous) return { authClient: new (loadGoogleAuth().PassThroughClient)() };
  if (credentialsFile !== undefined) return { keyFilename: credentialsFile };
  const text = env.GOOGLE_CREDENTIALS ?? "";
  if (text !== "") return { credentials: parsed(text) };
  const token = (env.GOOGLE_OAUTH_ACCESS_TOKEN ?? "").trim();
  if (token === "") return {};
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new SnapshotError(
      "STORE_DENIED",
      "GOOGLE_OAUTH_ACCESS_TOKEN contains a character that no token has",
      "Set it to the output of gcloud auth print-access-token.",
    );
  }
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
