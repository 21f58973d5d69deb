/** The keys of each kind of destination. */

import type { KeyTable } from "./keyForm";

/** Keys that every kind of destination has in addition. */
const ANY_DESTINATION = {
  name: {
    kind: "string",
    own: true,
    documentation: "How metrics, logs and status call the destination. Default: its URL.",
  },
  interval: {
    kind: "duration",
    own: true,
    replaces: ["schedule"],
    documentation: "The interval of this destination alone.",
  },
  schedule: {
    kind: "string",
    own: true,
    replaces: ["interval"],
    documentation: "The cron expression of this destination alone.",
  },
  retain: {
    kind: "count",
    own: true,
    replaces: ["retention"],
    documentation: "How many snapshots this destination keeps.",
  },
  retention: {
    kind: "retention",
    own: true,
    replaces: ["retain"],
    documentation:
      "The rules of `retention` in a Pulumi program (`keepLast`, `keepDaily`, …), in place of `retain`, for this destination.",
  },
  recipients: {
    kind: "strings",
    own: true,
    documentation: "Encrypt for these age keys, `age1…` each; the names then end in `.age`.",
  },
} as const satisfies KeyTable;

const LOCAL = {
  path: {
    kind: "string",
    flag: "local-path",
    default: ".",
    documentation: "The folder of the snapshots.",
  },
  ...ANY_DESTINATION,
} as const satisfies KeyTable;

const AWS = {
  access_key_id: { kind: "string", flag: "aws-access-key-id", documentation: "The access key." },
  secret_access_key: {
    kind: "string",
    flag: "aws-secret-access-key",
    secret: true,
    documentation: "Its secret. Without both, credentials come from where AWS tools find them.",
  },
  session_token: {
    kind: "string",
    flag: "aws-session-token",
    secret: true,
    documentation: "The session token of temporary credentials.",
  },
  iam_endpoint: {
    kind: "string",
    flag: "aws-iam-endpoint",
    ignored: "no request goes to IAM",
    documentation: "The endpoint of IAM.",
  },
  role_arn: { kind: "string", flag: "aws-role-arn", documentation: "A role to assume." },
  role_session_name: {
    kind: "string",
    flag: "aws-role-session-name",
    documentation: "The session's name. Default: `consul-snapshot`.",
  },
  web_identity_token_file: {
    kind: "string",
    flag: "aws-web-identity-token-file",
    documentation: "A file with the token that assumes the role.",
  },
  sts_endpoint: {
    kind: "string",
    flag: "aws-sts-endpoint",
    documentation: "The token service. Default: that of the region.",
  },
  s3_region: {
    kind: "string",
    flag: "aws-s3-region",
    documentation: "The region. Default: that of the environment or profile.",
  },
  s3_endpoint: {
    kind: "string",
    flag: "aws-s3-endpoint",
    environment: "AWS_S3_ENDPOINT",
    documentation: "The address of an S3-compatible server.",
  },
  s3_bucket: {
    kind: "string",
    flag: "aws-s3-bucket",
    documentation: "The bucket; without it there is no S3 destination.",
  },
  s3_key_prefix: {
    kind: "string",
    flag: "aws-s3-key-prefix",
    default: "consul-snapshot",
    documentation: "What stands before the names.",
  },
  s3_server_side_encryption: {
    kind: "boolean",
    flag: "aws-s3-server-side-encryption",
    default: false,
    documentation: "Encryption with keys that S3 manages.",
  },
  s3_static_snapshot_name: {
    kind: "string",
    flag: "aws-s3-static-snapshot-name",
    documentation: "One name for all snapshots, each of which replaces the last one; nothing else is removed.",
  },
  s3_force_path_style: {
    kind: "boolean",
    flag: "aws-s3-force-path-style",
    default: false,
    documentation: "The bucket as a part of the path, as MinIO and others need it.",
  },
  s3_enable_kms: {
    kind: "boolean",
    flag: "aws-s3-enable-kms",
    default: false,
    documentation: "Encryption with a key of KMS.",
  },
  s3_kms_key: { kind: "string", flag: "aws-s3-kms-key", documentation: "That key. Default: the account's own for S3." },
  ...ANY_DESTINATION,
} as const satisfies KeyTable;

const AZURE = {
  account_name: { kind: "string", flag: "azure-blob-account-name", documentation: "The storage account." },
  account_key: {
    kind: "string",
    flag: "azure-blob-account-key",
    replaces: ["service_principal_id", "service_principal_secret", "tenant_id"],
    secret: true,
    documentation:
      "Its key. Without a key or a service principal, the managed identity or login of the machine is used.",
  },
  container_name: {
    kind: "string",
    flag: "azure-blob-container-name",
    documentation: "The container; without it there is no Azure destination.",
  },
  environment: {
    kind: "string",
    flag: "azure-blob-environment",
    default: "AZUREPUBLICCLOUD",
    documentation: "`AZUREPUBLICCLOUD`, `AZURECHINACLOUD`, `AZUREGERMANCLOUD` or `AZUREUSGOVERNMENTCLOUD`.",
  },
  service_principal_id: {
    kind: "string",
    flag: "azure-blob-service-principal-id",
    replaces: ["account_key"],
    documentation: "The client id of a service principal.",
  },
  service_principal_secret: {
    kind: "string",
    flag: "azure-blob-service-principal-secret",
    replaces: ["account_key"],
    secret: true,
    documentation: "Its secret.",
  },
  tenant_id: {
    kind: "string",
    flag: "azure-blob-tenant-id",
    replaces: ["account_key"],
    documentation: "Its tenant.",
  },
  ...ANY_DESTINATION,
} as const satisfies KeyTable;

const GOOGLE = {
  bucket: {
    kind: "string",
    flag: "gcs-bucket",
    documentation: "The bucket; without it there is no Google Cloud Storage destination.",
  },
  credentials_file: {
    kind: "string",
    own: true,
    documentation: "A credentials file. Default: Google's application default credentials.",
  },
  endpoint: {
    kind: "string",
    own: true,
    documentation: "The address of another server, which is asked without credentials.",
  },
  ...ANY_DESTINATION,
} as const satisfies KeyTable;

const TARGET = {
  target: {
    kind: "string",
    own: true,
    documentation: "Where archives go, as in a Pulumi program: a path or a URL, with placeholders.",
  },
  ...ANY_DESTINATION,
} as const satisfies KeyTable;

/** Each kind of destination: one object under `snapshot_agent`, or a list in `backup_destinations`. */
export const DESTINATIONS = {
  local_storage: LOCAL,
  aws_storage: AWS,
  azure_blob_storage: AZURE,
  google_storage: GOOGLE,
  targets: TARGET,
} as const;

export type DestinationKind = keyof typeof DESTINATIONS;
