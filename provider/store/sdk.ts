/** The clouds' own libraries: optional packages, loaded only when a target names their store. */

import { createRequire } from "node:module";
import type * as AwsS3 from "@aws-sdk/client-s3";
import type * as AzureIdentity from "@azure/identity";
import type * as AzureBlob from "@azure/storage-blob";
import type * as GoogleStorage from "@google-cloud/storage";
import type * as GoogleAuth from "google-auth-library";
import { SnapshotError } from "../errors";

export type { AwsS3, GoogleAuth };

interface Sdks {
  "@aws-sdk/client-s3": typeof AwsS3;
  "@azure/identity": typeof AzureIdentity;
  "@azure/storage-blob": typeof AzureBlob;
  "@google-cloud/storage": typeof GoogleStorage;
}

/** The versions that this package was tested with: the last ones that run on Node.js 20. */
const VERSIONS: Readonly<Record<keyof Sdks, string>> = {
  "@aws-sdk/client-s3": "^3.1173.0",
  "@azure/identity": "^4.13.1",
  "@azure/storage-blob": "^12.32.0",
  "@google-cloud/storage": "^7.22.0",
};

const load = createRequire(__filename);

/** @throws SnapshotError `TARGET_INVALID`, with the line that installs it, when the library is not there */
export function loadSdk<Name extends keyof Sdks>(name: Name): Sdks[Name] {
  try {
    return load(name) as Sdks[Name];
  } catch (error) {
    if (!isMissing(error, name)) throw error;
    throw new SnapshotError(
      "TARGET_INVALID",
      `the target needs the package ${name}, which is not installed`,
      `Run: npm install ${name}@${VERSIONS[name]}`,
    );
  }
}

/** The storage library's own copy of Google's authentication library: it takes no other's. */
export function loadGoogleAuth(): typeof GoogleAuth {
  return createRequire(load.resolve("@google-cloud/storage"))("google-auth-library") as typeof GoogleAuth;
}

function isMissing(error: unknown, name: string): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    error.code === "MODULE_NOT_FOUND" &&
    error.message.startsWith(`Cannot find module '${name}'`)
  );
}
