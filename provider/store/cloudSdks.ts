/** The SDKs of the clouds: optional packages, loaded only if a target needs them. */

import { createRequire } from "node:module";
import { getDefaultAutoSelectFamilyAttemptTimeout, setDefaultAutoSelectFamilyAttemptTimeout } from "node:net";
import type * as AwsS3 from "@aws-sdk/client-s3";
import type * as AzureIdentity from "@azure/identity";
import type * as AzureBlob from "@azure/storage-blob";
import type * as GoogleStorage from "@google-cloud/storage";
import type * as GoogleAuth from "google-auth-library";
import { SnapshotError } from "../errors";
import { isSingleExecutable, loadEmbedded } from "../singleExecutable";
import { systemCode } from "../systemCode";

export type { AwsS3, GoogleAuth };

interface Sdks {
  "@aws-sdk/client-s3": typeof AwsS3;
  "@azure/identity": typeof AzureIdentity;
  "@azure/storage-blob": typeof AzureBlob;
  "@google-cloud/storage": typeof GoogleStorage;
}

/** The versions that this package was tested with: the last ones that support Node.js 20. */
const VERSIONS: Readonly<Record<keyof Sdks, string>> = {
  "@aws-sdk/client-s3": "^3.1173.0",
  "@azure/identity": "^4.13.1",
  "@azure/storage-blob": "^12.32.0",
  "@google-cloud/storage": "^7.22.0",
};

const load = createRequire(__filename);

/**
 * The name of each library's module in a single executable. The module exports the library and the library's own
 * dependencies, by name.
 */
const EMBEDDED: Readonly<Record<keyof Sdks, string>> = {
  "@aws-sdk/client-s3": "s3.js",
  "@azure/identity": "azure.js",
  "@azure/storage-blob": "azure.js",
  "@google-cloud/storage": "gcs.js",
};

/**
 * How long an address of a host with several may take to answer, in milliseconds. Node.js gives each of them but the last
 * 250 ms, which is too short for a distant bucket or after one lost packet. The libraries make their own connections, also for
 * logins, so the limit of the process is raised. One address after the other is tried, so it is no longer than necessary: a
 * SYN that is lost is sent again after one second.
 */
export const ADDRESS_MS = 3000;

function raiseAddressLimit(): void {
  if (getDefaultAutoSelectFamilyAttemptTimeout() < ADDRESS_MS) setDefaultAutoSelectFamilyAttemptTimeout(ADDRESS_MS);
}

/** Loads a library embedded in a single executable, or one of the library's own dependencies. */
function loadPart(library: keyof Sdks, name: string): unknown {
  return (loadEmbedded(EMBEDDED[library]) as Readonly<Record<string, unknown>>)[name];
}

/** @throws SnapshotError `TARGET_INVALID`, with the command that installs it, if the library is missing */
export function loadSdk<Name extends keyof Sdks>(name: Name): Sdks[Name] {
  raiseAddressLimit();
  if (isSingleExecutable) return loadPart(name, name) as Sdks[Name];
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

/** The storage library's own copy of Google's authentication library; it does not accept objects of another copy. */
export function loadGoogleAuth(): typeof GoogleAuth {
  if (isSingleExecutable) return loadPart("@google-cloud/storage", "google-auth-library") as typeof GoogleAuth;
  return createRequire(load.resolve("@google-cloud/storage"))("google-auth-library") as typeof GoogleAuth;
}

/** The parts of the S3 library's own dependencies that assume a role. */
export interface AwsSts {
  readonly sts: {
    readonly getDefaultRoleAssumer: (options: StsOptions) => (source: AwsKeys, role: Role) => Promise<AwsKeys>;
    readonly getDefaultRoleAssumerWithWebIdentity: (
      options: StsOptions,
    ) => (role: Role & { readonly WebIdentityToken: string }) => Promise<AwsKeys>;
  };
  /** The credentials that AWS tools find. */
  readonly findCredentials: () => Promise<AwsKeys>;
}

interface StsOptions {
  readonly region: string;
  readonly endpoint?: string;
}

interface Role {
  readonly RoleArn: string;
  readonly RoleSessionName: string;
}

export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** The S3 library's own copies: no other package is needed to assume a role. */
export function loadAwsSts(): AwsSts {
  const copies = isSingleExecutable ? embeddedAwsCopies() : installedAwsCopies();
  return { sts: copies.sts, findCredentials: copies.providers.defaultProvider() };
}

interface AwsCopies {
  readonly sts: AwsSts["sts"];
  readonly providers: { readonly defaultProvider: () => () => Promise<AwsKeys> };
}

function installedAwsCopies(): AwsCopies {
  const ofS3 = createRequire(load.resolve("@aws-sdk/client-s3"));
  const providers = ofS3.resolve("@aws-sdk/credential-provider-node");
  const ofProviders = createRequire(createRequire(providers).resolve("@aws-sdk/credential-provider-web-identity"));
  return {
    sts: ofProviders("@aws-sdk/nested-clients/sts") as AwsCopies["sts"],
    providers: ofS3(providers) as AwsCopies["providers"],
  };
}

function embeddedAwsCopies(): AwsCopies {
  const part = (name: string): unknown => loadPart("@aws-sdk/client-s3", name);
  return {
    sts: part("@aws-sdk/nested-clients/sts") as AwsCopies["sts"],
    providers: part("@aws-sdk/credential-provider-node") as AwsCopies["providers"],
  };
}

function isMissing(error: unknown, name: string): boolean {
  return (
    error instanceof Error &&
    systemCode(error) === "MODULE_NOT_FOUND" &&
    error.message.startsWith(`Cannot find module '${name}'`)
  );
}
