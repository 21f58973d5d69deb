/** The hints of stores in the words of the agent's configuration: a target's URL has settings in place of most of these keys. */

import type { StoreHints } from "../../provider/store/credentials";
import type { DestinationKind } from "./destinationKeys";

/** Of kinds that are not configured by the URL of a target. */
export const HINTS: Readonly<Partial<Record<DestinationKind, StoreHints>>> = {
  aws_storage: {
    denied:
      "Check access_key_id, secret_access_key, session_token, role_arn and s3_region of the destination (without keys, the credentials that AWS tools find on this machine), and that they may list the bucket (s3:ListBucket) and get and put objects.",
    noCredentials:
      "Set access_key_id and secret_access_key of the destination, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role.",
    incomplete: "Set s3_region of the destination, or AWS_REGION.",
  },
  azure_blob_storage: {
    denied:
      "Check account_name and account_key, or service_principal_id, service_principal_secret and tenant_id of the destination (without these, the credentials that Azure tools find on this machine), and that they may list, read and write blobs (Storage Blob Data Contributor).",
    incomplete:
      "Check account_name and environment of the destination, or AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_DOMAIN.",
  },
  google_storage: {
    denied:
      "Check credentials_file of the destination (without it, the credentials that Google's tools find on this machine), and that they may list, get and create objects (Storage Object User).",
  },
};
