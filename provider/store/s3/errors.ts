/** Translates errors of S3 and its library. */

import { SnapshotError } from "../../errors";
import { systemCode } from "../../systemCode";
import type { StoreHints } from "../credentials";
import { type ErrorTable, failure, type Place, type Trouble, unusableCredentials } from "../failures";

/** Codes of AWS, and of MinIO, Ceph and versitygw where theirs differ. */
export const s3Errors: ErrorTable = {
  holder: "bucket",
  credentialsHelp:
    "Check the credentials that AWS tools find on this machine (environment, profile, web identity, role), the profile= and region= of the target, and that they may list the bucket (s3:ListBucket) and get and put objects.",
  authorityVariables: "AWS_CA_BUNDLE (or NODE_EXTRA_CA_CERTS, in addition to the well-known authorities)",
  full: /quota|StorageFull|InsufficientStorage|NoSpace/i,
  holderMissing: /^NoSuchBucket$/,
  // XAdminUserNotFound: versitygw with one account answers 404 with this code to an access key that it does not know
  // (auth/iam_single.go, 1.8). Ceph, MinIO, StorageGRID and Garage answer 403.
  denied:
    /^(InvalidAccessKeyId|XAdminUserNotFound|ExpiredToken(Exception)?|InvalidToken|InvalidIdentityToken(Exception)?|TokenRefreshRequired|CredentialsProviderError)$/,
  notAccepted:
    /^(InvalidBucketName|InvalidStorageClass|InvalidArgument|InvalidRequest|KeyTooLongError|ObjectParentIsFile|ExistingObjectIsDirectory|DirectoryObjectContainsData)$/,
  reasons: [
    {
      codes: /^(PermanentRedirect|IllegalLocationConstraintException)$/,
      code: "TARGET_INVALID",
      message: (object) => `the bucket of ${object} is in another region`,
      hint: "Set the region of the bucket, which aws s3api get-bucket-location --bucket NAME shows, and check the endpoint.",
    },
    {
      // Most servers say so of a wrong region, and R2 also of an access key that it cannot have issued.
      codes: /^AuthorizationHeaderMalformed$/,
      code: "TARGET_INVALID",
      message: (object) =>
        `access to ${object} is refused: the server expects another region, or another form of access key`,
      hint: "Set the region of the bucket, which aws s3api get-bucket-location --bucket NAME shows, and check the endpoint and the access key.",
    },
    {
      codes: /^RequestTimeTooSkewed$/,
      code: "STORE_DENIED",
      message: (object) => `access to ${object} is denied: the clocks of this machine and of the store differ`,
      hint: "Correct the clock of this machine.",
    },
    {
      codes: /^KMS\./,
      code: "STORE_DENIED",
      message: (object) => `access to ${object} is denied: its KMS key cannot be used`,
      hint: "Check the key that the target or the bucket sets: it must be enabled, in the bucket's region, and permit kms:GenerateDataKey and kms:Decrypt.",
    },
    {
      codes: /^InvalidObjectState$/,
      code: "STORE_DENIED",
      message: (object) => `${object} is in an archive storage class, where it cannot be read`,
      hint: "Restore the object first with aws s3api restore-object, and wait until it can be read.",
    },
  ],
};

/** The status and code of a library's error, without its messages. */
export function troubleOf(error: unknown): Trouble {
  if (!(error instanceof Error)) return { code: "" };
  const metadata: unknown = "$metadata" in error ? error.$metadata : undefined;
  const status =
    typeof metadata === "object" && metadata !== null && "httpStatusCode" in metadata
      ? metadata.httpStatusCode
      : undefined;
  const code = systemCode(error) || error.name;
  return typeof status === "number" ? { status, code: error.name } : { code };
}

/** @param profile - the AWS profile that the target or the environment sets */
export function failureOf(place: Place, error: unknown, profile?: string, hints?: StoreHints): SnapshotError {
  if (error instanceof SnapshotError) return error;
  return (
    credentialsFailure(place, error, profile, hints) ??
    unusableCredentials(place, error) ??
    failure(place, troubleOf(error))
  );
}

/**
 * Why the library has no credentials. It has one name for all reasons (`CredentialsProviderError`, or
 * `TokenProviderError` for SSO); only its message, which is not shown, distinguishes them
 * (@smithy/credential-provider-*, tested with 3.1173).
 */
function credentialsFailure(
  { object }: Place,
  error: unknown,
  profile: string | undefined,
  hints: StoreHints | undefined,
): SnapshotError | undefined {
  if (!(error instanceof Error) || !/^(CredentialsProviderError|TokenProviderError)$/.test(error.name))
    return undefined;
  if (/\bSSO\b|sso login/i.test(error.message)) {
    return new SnapshotError(
      "STORE_DENIED",
      `access to ${object} is denied: the AWS profile uses SSO, and its session is missing or expired`,
      "Run: aws sso login, with --profile NAME if the profile is not the default.",
    );
  }
  if (profile !== undefined) {
    return new SnapshotError(
      "STORE_DENIED",
      `access to ${object} is denied: the AWS profile ${JSON.stringify(profile)} does not exist or has no usable credentials`,
      `Check ${hints === undefined ? "profile= of the target or " : ""}AWS_PROFILE: aws configure list-profiles shows the profiles of this machine, and aws sts get-caller-identity --profile NAME why one cannot be used.`,
    );
  }
  return new SnapshotError(
    "STORE_DENIED",
    `access to ${object} is denied: no AWS credentials were found on this machine`,
    hints?.noCredentials ??
      "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, add ?profile=NAME to the target, or give the machine a role. If it should have some, aws sts get-caller-identity shows why they are not used.",
  );
}
