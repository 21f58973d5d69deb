/** The settings of an Azure target, and a client made from them. The variables are those that Pulumi's backend reads. */

import type { TokenCredential } from "@azure/identity";
import type { ContainerClient, StoragePipelineOptions } from "@azure/storage-blob";
import { SnapshotError } from "../../errors";
import { registerSecret } from "../../text";
import type { Location } from "../backend";
import { loadSdk } from "../cloudSdks";
import { promptCredentials } from "../promptCredentials";
import { AZURE_PROXIES, checkProxyVariables, isExemptInAzure } from "../proxyVariables";
import type { AzureCredentials, StoreHints } from "../credentials";
import { flag, type SettingsTable, word } from "../settings";

export const azureSettings: SettingsTable = {
  kinds: {
    storage_account: "text",
    domain: "text",
    protocol: ["https", "http"],
    cdn: "flag",
    localemu: "flag",
    anonymous: "flag",
    encryptionScope: "text",
    storageClass: ["Hot", "Cool", "Cold"],
  },
};

/**
 * Credentials, in this order: `AZURE_STORAGE_ACCOUNT` with `AZURE_STORAGE_KEY`, `AZURE_STORAGE_SAS_TOKEN`,
 * `AZURE_STORAGE_CONNECTION_STRING`, and the credentials that Azure's own tools find (workload identity, managed
 * identity, `az login`).
 *
 * @throws SnapshotError `TARGET_INVALID` without a usable account, or if a library is not installed; `STORE_DENIED` if
 * the connection string is invalid
 */
export function azureContainer(
  { bucket, settings }: Location,
  env: NodeJS.ProcessEnv = process.env,
  own: AzureCredentials = {},
  hints?: StoreHints,
): ContainerClient {
  const sdk = loadSdk("@azure/storage-blob");
  const options: StoragePipelineOptions = { retryOptions: { maxTries: 3, retryDelayInMs: 500 } };
  const variable =
    env.AZURE_STORAGE_CONNECTION_STRING === undefined
      ? "AZURE_STORAGEBLOB_CONNECTIONSTRING"
      : "AZURE_STORAGE_CONNECTION_STRING";
  const isOwn = own.accountKey !== undefined || own.servicePrincipal !== undefined;
  const connection = isOwn ? "" : (env[variable] ?? "");
  const key = isOwn || env.AZURE_STORAGE_ACCOUNT === undefined ? "" : (env.AZURE_STORAGE_KEY ?? "");
  const token = isOwn ? "" : (env.AZURE_STORAGE_SAS_TOKEN ?? "");
  const account = settings.get("storage_account") ?? env.AZURE_STORAGE_ACCOUNT ?? "";
  if (connection !== "" && key === "" && token === "" && !flag(settings, "anonymous")) {
    checkProxyVariables(AZURE_PROXIES);
    try {
      return new sdk.ContainerClient(connection, bucket, options);
    } catch {
      // Omit the cause: it may quote the string, which contains the key.
      throw new SnapshotError(
        "STORE_DENIED",
        `${variable} is not a connection string`,
        "Copy it whole from the storage account: DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;EndpointSuffix=…",
      );
    }
  }
  if (account === "") {
    throw new SnapshotError(
      "TARGET_INVALID",
      `target azblob://${bucket} has no storage account`,
      hints?.incomplete ?? "Add ?storage_account= to the target, or set AZURE_STORAGE_ACCOUNT.",
    );
  }
  const url = `${serviceUrl(account, settings, env)}/${bucket}`;
  if (!URL.canParse(url)) {
    throw new SnapshotError(
      "TARGET_INVALID",
      `target azblob://${bucket} has an invalid storage account or domain`,
      hints?.incomplete ?? "Check storage_account= and domain=, or AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_DOMAIN.",
    );
  }
  checkProxyVariables(AZURE_PROXIES, isExemptInAzure(new URL(url).hostname));
  if (flag(settings, "anonymous")) return new sdk.ContainerClient(url, new sdk.AnonymousCredential(), options);
  if (own.accountKey !== undefined) {
    return new sdk.ContainerClient(url, new sdk.StorageSharedKeyCredential(account, own.accountKey), options);
  }
  if (own.servicePrincipal !== undefined) {
    const { tenantId, clientId, clientSecret } = own.servicePrincipal;
    const { ClientSecretCredential } = loadSdk("@azure/identity");
    const credential = new ClientSecretCredential(tenantId, clientId, clientSecret, loginOptions(url, env));
    return new sdk.ContainerClient(url, registered(credential), options);
  }
  if (key !== "") {
    return new sdk.ContainerClient(
      url,
      new sdk.StorageSharedKeyCredential(env.AZURE_STORAGE_ACCOUNT ?? account, key),
      options,
    );
  }
  if (token !== "") {
    return new sdk.ContainerClient(`${url}?${token.replace(/^\?/, "")}`, new sdk.AnonymousCredential(), options);
  }
  const identity = loadSdk("@azure/identity");
  const found = new identity.DefaultAzureCredential(loginOptions(url, env));
  return new sdk.ContainerClient(url, registered(found), options);
}

/** Registers the tokens that the library gets: a server could echo them. */
function registered(credential: TokenCredential): TokenCredential {
  return {
    async getToken(scopes, options) {
      const found = await promptCredentials(() => credential.getToken(scopes, options));
      registerSecret(found?.token);
      return found;
    },
  };
}

/** The login servers of the national clouds, by storage domain: `AzureAuthorityHosts` of @azure/identity 4.13. */
const LOGINS: readonly (readonly [storage: string, login: string])[] = [
  [".core.chinacloudapi.cn", "https://login.chinacloudapi.cn"],
  [".core.cloudapi.de", "https://login.microsoftonline.de"],
  [".core.usgovcloudapi.net", "https://login.microsoftonline.us"],
];

/** The login server for a storage URL; none if `AZURE_AUTHORITY_HOST` is set, which the library reads itself. */
export function loginOptions(url: string, env: NodeJS.ProcessEnv): { readonly authorityHost?: string } {
  const { hostname } = new URL(url);
  const own = LOGINS.find(([storage]) => hostname.endsWith(storage));
  return own === undefined || env.AZURE_AUTHORITY_HOST !== undefined ? {} : { authorityHost: own[1] };
}

/** Emulators have the account in the path; a content delivery network has its own host name. */
function serviceUrl(account: string, settings: ReadonlyMap<string, string>, env: NodeJS.ProcessEnv): string {
  const domain = settings.get("domain") ?? env.AZURE_STORAGE_DOMAIN ?? "blob.core.windows.net";
  const protocol =
    word(azureSettings, settings, "protocol") ?? (env.AZURE_STORAGE_PROTOCOL === "http" ? "http" : "https");
  if (flag(settings, "localemu") || /^(127\.0\.0\.1|localhost)(:|$)/.test(domain)) {
    return `${protocol}://${domain}/${account}`;
  }
  return flag(settings, "cdn") ? `${protocol}://${domain}` : `${protocol}://${account}.${domain}`;
}
