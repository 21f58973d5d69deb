/** The settings of an S3 target, and a client made from them. */

import { Agent } from "node:https";
import { compact } from "../../compact";
import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { SnapshotError } from "../../errors";
import type { Location } from "../backend";
import { type AwsKeys, type AwsS3, loadSdk } from "../cloudSdks";
import type { AwsCredentials, StoreHints } from "../credentials";
import { endpointOf, flag, type SettingsTable, word } from "../settings";
import { assumedRole } from "./assumedRole";
import { promptCredentials } from "../promptCredentials";
import { registerKeys } from "./registeredKeys";
import { readCaBundle } from "./caBundle";

const CHECKSUMS = ["when_supported", "when_required"];
const ENCRYPTION = ["AES256", "aws:kms", "aws:kms:dsse"];

export const s3Settings: SettingsTable = {
  kinds: {
    region: "text",
    endpoint: "text",
    profile: "text",
    anonymous: "flag",
    use_path_style: "flag",
    s3ForcePathStyle: "flag",
    hostname_immutable: "flag",
    disable_https: "flag",
    disableSSL: "flag",
    accelerate: "flag",
    dualstack: "flag",
    fips: "flag",
    sse: ENCRYPTION,
    ssetype: ENCRYPTION,
    kmsKeyId: "text",
    kmskeyid: "text",
    storageClass: "text",
    request_checksum_calculation: CHECKSUMS,
    response_checksum_validation: CHECKSUMS,
    awssdk: "unused",
    rate_limiter_capacity: "unused",
  },
  synonyms: [
    ["use_path_style", "s3ForcePathStyle"],
    ["disable_https", "disableSSL"],
    ["sse", "ssetype"],
    ["kmsKeyId", "kmskeyid"],
  ],
  unsupported: {
    role: "Set the role in a profile of your AWS configuration (role_arn), and add ?profile=NAME.",
  },
};

const ATTEMPTS = 3;
const CONNECT_MS = 10_000;
/** The library's own limit, which a custom agent must repeat. */
const MAX_SOCKETS = 50;

/** Requests are not signed. The library still requires credentials and would otherwise look for some. */
const ANONYMOUS = {
  signer: { sign: (request) => Promise.resolve(request) },
  credentials: { accessKeyId: "", secretAccessKey: "" },
} satisfies S3ClientConfig;

/** Two clients, which differ in how they wait for a server. */
export interface S3Clients {
  readonly sdk: typeof AwsS3;
  /** Closes a connection without activity. */
  readonly client: S3Client;
  /** For reading: once the response has begun, the consumer sets the limit, because it may be slow. */
  readonly reader: S3Client;
}

/**
 * Credentials and, without the setting, region and endpoint come from where AWS tools find them: environment, profile,
 * web identity, the instance's role.
 *
 * @throws SnapshotError `TARGET_INVALID` without a region, with an unusable `AWS_CA_BUNDLE`, or if the library is not
 * installed
 */
export async function s3Clients(
  location: Location,
  stallMs: number,
  own: AwsCredentials = {},
  hints?: StoreHints,
): Promise<S3Clients> {
  const sdk = loadSdk("@aws-sdk/client-s3");
  // The supported library versions run on Node.js 20, so suppress the warning that would appear at every `pulumi up`.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  const settings = configOf(location);
  const { region, endpoint } = await findServer(new sdk.S3Client(settings), location, settings.endpoint, hints);
  if (region === undefined) {
    throw new SnapshotError(
      "TARGET_INVALID",
      `target s3://${location.bucket} has no region`,
      hints?.incomplete ?? "Add ?region= to the target, or set AWS_REGION.",
    );
  }
  const keys = ownKeys(own);
  const assumed = own.roleArn === undefined ? keys : assumedRole({ ...own, roleArn: own.roleArn }, keys, region);
  const config = {
    ...settings,
    ...(assumed === undefined ? {} : { credentials: assumed }),
    region,
    ...checksumsOf(location, endpoint),
    maxAttempts: ATTEMPTS,
  };
  const ca = endpoint?.startsWith("http:") === true ? undefined : readCaBundle();
  const connection = () =>
    compact({
      connectionTimeout: Math.min(CONNECT_MS, stallMs),
      httpsAgent: ca === undefined ? undefined : new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, ca }),
    });
  // Without a limit, the library waits forever for a silent server.
  const limit = Math.ceil(stallMs / ATTEMPTS);
  const client = new sdk.S3Client({ ...config, requestHandler: { ...connection(), socketTimeout: limit } });
  client.config.credentials = registered(client.config.credentials);
  // Both clients share the credentials: finding them may require running a program.
  const { credentials } = client.config;
  const untilAnswer = { requestTimeout: limit, throwOnRequestTimeout: true, socketTimeout: 0 };
  const reader = new sdk.S3Client({ ...config, credentials, requestHandler: { ...connection(), ...untilAnswer } });
  return { sdk, client, reader };
}

type Provider = S3Client["config"]["credentials"];

/** Registers the secrets that the library finds, for example in a profile: a server could echo them. */
function registered(provider: Provider): Provider {
  return async (options) => {
    const found = await promptCredentials(() => provider(options));
    registerKeys(found);
    return found;
  };
}

function ownKeys({ accessKeyId, secretAccessKey, sessionToken }: AwsCredentials): AwsKeys | undefined {
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return compact({ accessKeyId, secretAccessKey, sessionToken });
}

/** Adds the region and the endpoint from the environment or the profile to the target's settings. */
async function findServer(
  client: S3Client,
  { bucket }: Location,
  endpoint: string | undefined,
  hints: StoreHints | undefined,
): Promise<{ readonly region?: string; readonly endpoint?: string }> {
  try {
    const found = endpoint ?? checkedUrl(await client.config.serviceConfiguredEndpoint?.());
    // Servers with a custom endpoint rarely check the region.
    const region = await client.config.region().catch((error: unknown) => {
      // Otherwise there is none.
      if (error instanceof Error && error.message.startsWith("Region not accepted")) throw invalidRegion(bucket, hints);
      return found === undefined ? undefined : "us-east-1";
    });
    return compact({ region, endpoint: found });
  } finally {
    client.destroy();
  }
}

function invalidRegion(bucket: string, hints: StoreHints | undefined): SnapshotError {
  return new SnapshotError(
    "TARGET_INVALID",
    `the region of target s3://${bucket} is not a region's name`,
    hints?.incomplete ?? "Correct region= of the target, or AWS_REGION: names are like eu-west-1.",
  );
}

function checkedUrl(endpoint: string | undefined): string | undefined {
  if (endpoint === undefined || (URL.canParse(endpoint) && /^https?:/.test(endpoint))) return endpoint;
  throw new SnapshotError(
    "TARGET_INVALID",
    "the endpoint in the AWS environment or profile is not a URL",
    "Write AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or endpoint_url as https://host:port.",
  );
}

function configOf({ bucket, settings }: Location) {
  const withoutHttps = flag(settings, "disable_https", "disableSSL");
  const region = settings.get("region");
  const profile = settings.get("profile");
  const endpoint = settings.get("endpoint");
  return compact({
    region,
    profile,
    endpoint:
      endpoint === undefined
        ? awsWithoutHttps(withoutHttps, region)
        : endpointOf(`s3://${bucket}`, endpoint, withoutHttps),
    ...(flag(settings, "anonymous") ? ANONYMOUS : {}),
    forcePathStyle: flag(settings, "use_path_style", "s3ForcePathStyle", "hostname_immutable"),
    useAccelerateEndpoint: flag(settings, "accelerate"),
    useDualstackEndpoint: flag(settings, "dualstack"),
    useFipsEndpoint: flag(settings, "fips"),
    followRegionRedirects: true,
  });
}

function awsWithoutHttps(withoutHttps: boolean, region: string | undefined): string | undefined {
  return withoutHttps && region !== undefined ? `http://s3.${region}.amazonaws.com` : undefined;
}

/**
 * Whether requests have the checksums that AWS introduced in 2024. Backblaze B2 answers them with 400, others with 501
 * (aws-sdk-js-v3 #6810, #6819), so only AWS gets them unless the target or the environment requests them. Otherwise
 * each body has its MD5, which all servers support.
 */
function checksumsOf(
  { settings }: Location,
  endpoint: string | undefined,
): Pick<S3ClientConfig, "requestChecksumCalculation" | "responseChecksumValidation"> {
  const isAws = endpoint === undefined || /\.amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname);
  const choose = (setting: string, variable: string) => {
    const chosen = word(s3Settings, settings, setting)?.toUpperCase() as "WHEN_SUPPORTED" | "WHEN_REQUIRED" | undefined;
    // The library itself reads the variable.
    if (chosen !== undefined || isAws || (process.env[variable] ?? "") !== "") return chosen;
    return "WHEN_REQUIRED";
  };
  return compact({
    requestChecksumCalculation: choose("request_checksum_calculation", "AWS_REQUEST_CHECKSUM_CALCULATION"),
    responseChecksumValidation: choose("response_checksum_validation", "AWS_RESPONSE_CHECKSUM_VALIDATION"),
  });
}
