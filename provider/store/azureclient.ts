/** A client of an Azure container from a target's settings. The variables are those that Pulumi's backend reads. */

import type { ContainerClient, StoragePipelineOptions } from "@azure/storage-blob";
import { SnapshotError } from "../errors";
import type { Location } from "./location";
import { loadSdk } from "./sdk";
import { flag, word } from "./settings";

/**
 * Credentials, in this order: `AZURE_STORAGE_ACCOUNT` with `AZURE_STORAGE_KEY`, `AZURE_STORAGE_SAS_TOKEN`,
 * `AZURE_STORAGE_CONNECTION_STRING`, and what Azure's own tools find (workload identity, managed identity, `az login`).
 *
 * @throws SnapshotError `TARGET_INVALID` without an account that can be asked, or when a library is not installed;
 *   `STORE_DENIED` when the connection string is none
 */
export function azureContainer({ bucket, settings }: Location, env: NodeJS.ProcessEnv = process.env): ContainerClient {
  const sdk = loadSdk("@azure/storage-blob");
  const options: StoragePipelineOptions = { retryOptions: { maxTries: 3, retryDelayInMs: 500 } };
  const variable =
    env.AZURE_STORAGE_CONNECTION_STRING === undefined
      ? "AZURE_STORAGEBLOB_CONNECTIONSTRING"
      : "AZURE_STORAGE_CONNECTION_STRING";
  const connection = env[variable] ?? "";
  const key = env.AZURE_STORAGE_ACCOUNT === undefined ? "" : (env.AZURE_STORAGE_KEY ?? "");
  const token = env.AZURE_STORAGE_SAS_TOKEN ?? "";
  const given = settings.get("storage_account") ?? env.AZURE_STORAGE_ACCOUNT ?? "";
  if (connection !== "" && key === "" && token === "" && !flag(settings, "anonymous")) {
    try {
      return new sdk.ContainerClient(connection, bucket, options);
    } catch {
      // Without the cause: it may hold the text, which holds the key.
      throw new SnapshotError(
        "STORE_DENIED",
        `${variable} is not a connection string`,
        "Copy it whole from the storage account: DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;EndpointSuffix=…",
      );
    }
  }
  if (given === "") {
    throw new SnapshotError(
      "TARGET_INVALID",
      `target azblob://${bucket} names no storage account`,
      "Add ?storage_account= to the target, or set AZURE_STORAGE_ACCOUNT.",
    );
  }
  const url = `${serviceUrl(given, settings, env)}/${bucket}`;
  if (!URL.canParse(url)) {
    throw new SnapshotError(
      "TARGET_INVALID",
      `target azblob://${bucket} has a storage account or a domain that cannot be`,
      "Check storage_account= and domain=, or AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_DOMAIN.",
    );
  }
  if (flag(settings, "anonymous")) return new sdk.ContainerClient(url, new sdk.AnonymousCredential(), options);
  if (key !== "") {
    const account = env.AZURE_STORAGE_ACCOUNT ?? given;
    return new sdk.ContainerClient(url, new sdk.StorageSharedKeyCredential(account, key), options);
  }
  if (token !== "") {
    return new sdk.ContainerClient(`${url}?${token.replace(/^\?/, "")}`, new sdk.AnonymousCredential(), options);
  }
  const identity = loadSdk("@azure/identity");
  return new sdk.ContainerClient(url, new identity.DefaultAzureCredential(), options);
}

/** Emulators have the account in the path; a content delivery network has an address of its own. */
function serviceUrl(account: string, settings: ReadonlyMap<string, string>, env: NodeJS.ProcessEnv): string {
  const domain = settings.get("domain") ?? env.AZURE_STORAGE_DOMAIN ?? "blob.core.windows.net";
  const protocol = word(settings, "azblob", "protocol") ?? (env.AZURE_STORAGE_PROTOCOL === "http" ? "http" : "https");
  if (flag(settings, "localemu") || /^(127\.0\.0\.1|localhost)(:|$)/.test(domain)) {
    return `${protocol}://${domain}/${account}`;
  }
  return flag(settings, "cdn") ? `${protocol}://${domain}` : `${protocol}://${account}.${domain}`;
}
