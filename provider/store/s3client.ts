/** A client of S3 from a target's settings, and what its errors amount to. */

import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { SnapshotError } from "../errors";
import { failure, type Place, type Trouble } from "./failures";
import type { Location } from "./location";
import { type AwsS3, loadSdk } from "./sdk";
import { endpointOf, flag, word } from "./settings";

const ATTEMPTS = 3;
const CONNECT_MS = 10_000;

/** Nothing is signed. The library wants credentials all the same, and would look for them. */
const ANONYMOUS: S3ClientConfig = {
  signer: { sign: (request) => Promise.resolve(request) },
  credentials: { accessKeyId: "", secretAccessKey: "" },
};

/** Two clients, which differ in how they wait for a server. */
export interface S3Clients {
  readonly sdk: typeof AwsS3;
  /** Gives up on a connection on which nothing moves. */
  readonly client: S3Client;
  /** For bytes that are read: once the answer has begun, whoever reads them sets the limit, and may be slow. */
  readonly reader: S3Client;
}

/**
 * Credentials and, without the setting, the region come from where AWS tools find them: environment, profile, web
 * identity, the instance's role.
 *
 * @throws SnapshotError `TARGET_INVALID` without a region, or when the library is not installed
 */
export async function s3Clients(location: Location, stallMs: number): Promise<S3Clients> {
  const sdk = loadSdk("@aws-sdk/client-s3");
  let config = configOf(location, stallMs);
  // The versions of the library that this package takes run on Node.js 20: no need to say so at every `pulumi up`.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  let client = new sdk.S3Client(config);
  try {
    await client.config.region();
  } catch {
    client.destroy();
    if (config.endpoint === undefined) {
      throw new SnapshotError(
        "TARGET_INVALID",
        `target s3://${location.bucket} has no region`,
        "Add ?region= to the target, or set AWS_REGION.",
      );
    }
    // Servers with an address of their own hardly ever mind what the region is called.
    config = { ...config, region: "us-east-1" };
    client = new sdk.S3Client(config);
  }
  const requestHandler = {
    connectionTimeout: connectionMs(stallMs),
    // Until the answer begins.
    requestTimeout: Math.ceil(stallMs / ATTEMPTS),
    throwOnRequestTimeout: true,
    socketTimeout: 0,
  };
  // Credentials are found once, for both: a program may have to be run for them.
  const { credentials } = client.config;
  return { sdk, client, reader: new sdk.S3Client({ ...config, credentials, requestHandler }) };
}

function connectionMs(stallMs: number): number {
  return Math.min(CONNECT_MS, stallMs);
}

function configOf({ bucket, settings }: Location, stallMs: number): S3ClientConfig {
  const withoutHttps = flag(settings, "disable_https", "disableSSL");
  const given = settings.get("endpoint");
  const endpoint = given === undefined ? undefined : endpointOf(`s3://${bucket}`, given, withoutHttps);
  const region = settings.get("region");
  const profile = settings.get("profile");
  const sent = word(settings, "s3", "request_checksum_calculation")?.toUpperCase();
  const received = word(settings, "s3", "response_checksum_validation")?.toUpperCase();
  return {
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(endpoint === undefined && withoutHttps && region !== undefined
      ? { endpoint: `http://s3.${region}.amazonaws.com` }
      : {}),
    ...(flag(settings, "anonymous") ? ANONYMOUS : {}),
    forcePathStyle: flag(settings, "use_path_style", "s3ForcePathStyle", "hostname_immutable"),
    useAccelerateEndpoint: flag(settings, "accelerate"),
    useDualstackEndpoint: flag(settings, "dualstack"),
    useFipsEndpoint: flag(settings, "fips"),
    followRegionRedirects: true,
    ...(sent === undefined ? {} : { requestChecksumCalculation: sent as "WHEN_SUPPORTED" }),
    ...(received === undefined ? {} : { responseChecksumValidation: received as "WHEN_SUPPORTED" }),
    maxAttempts: ATTEMPTS,
    // The library waits for ever for a server that falls silent, unless told not to.
    requestHandler: { connectionTimeout: connectionMs(stallMs), socketTimeout: Math.ceil(stallMs / ATTEMPTS) },
  };
}

/** What an error of the library says, without its texts. */
export function troubleOf(error: unknown): Trouble {
  if (!(error instanceof Error)) return { code: "" };
  const metadata: unknown = "$metadata" in error ? error.$metadata : undefined;
  const status =
    typeof metadata === "object" && metadata !== null && "httpStatusCode" in metadata
      ? metadata.httpStatusCode
      : undefined;
  const code = "code" in error && typeof error.code === "string" && error.code !== "" ? error.code : error.name;
  return typeof status === "number" ? { status, code: error.name } : { code };
}

export function failureOf(place: Place, error: unknown): SnapshotError {
  return error instanceof SnapshotError ? error : failure(place, troubleOf(error));
}
