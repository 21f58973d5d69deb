/**
 * The settings that a bucket's URL can hold: those of Pulumi's own state backends (gocloud.dev), so that a URL that
 * worked for `pulumi login` works here, and a few more that backups need.
 */

import { nearest } from "../nearest";
import { SnapshotError } from "../errors";

export type Bucketed = "s3" | "gs" | "azblob";

/** What a setting may hold. A text is free; a word is one of a few; `unused` is accepted and has no effect here. */
type Kind = "flag" | "text" | "unused" | readonly string[];

const CHECKSUMS = ["when_supported", "when_required"];
const SSE = ["AES256", "aws:kms", "aws:kms:dsse"];

const KNOWN: Readonly<Record<Bucketed, Readonly<Record<string, Kind>>>> = {
  s3: {
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
    sse: SSE,
    ssetype: SSE,
    kmsKeyId: "text",
    kmskeyid: "text",
    storageClass: "text",
    request_checksum_calculation: CHECKSUMS,
    response_checksum_validation: CHECKSUMS,
    awssdk: "unused",
    rate_limiter_capacity: "unused",
  },
  gs: {
    anonymous: "flag",
    access_id: "text",
    private_key_path: "unused",
    universe_domain: "text",
    endpoint: "text",
    userProject: "text",
    kmsKeyId: "text",
    storageClass: "text",
  },
  azblob: {
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

/** Names that carry a secret: in a URL they would end up in state, logs and shell histories. */
const SECRET =
  /^(sig|sv|se|sp|skoid|x-amz-.*|x-goog-.*|awsaccesskeyid|.*(secret|password|passwd|token|signature|credential).*|.*access_?key.*|.*account_?key.*|sas)$/i;

/**
 * Refuses what the store would not understand, before anything is done.
 *
 * @param where - the URL without its settings, for messages
 * @throws SnapshotError `TARGET_INVALID`
 */
export function checkSettings(scheme: Bucketed, where: string, given: URLSearchParams): void {
  const known = KNOWN[scheme];
  const names = Object.keys(known);
  // What holds an @ and has no name that is known may be the rest of a secret that holds a question mark.
  const strange = [...given].filter(([name]) => !Object.hasOwn(known, name));
  if (strange.some(([name, value]) => SECRET.test(name) || `${name}${value}`.includes("@"))) {
    throw holdsCredentials(where);
  }
  for (const [name, value] of given) {
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined && scheme === "s3" && name === "role") {
      throw invalid(
        `target ${where} has the setting role, which is not supported`,
        "Name the role in a profile of your AWS configuration (role_arn), and add ?profile=NAME.",
      );
    }
    if (kind === undefined) {
      const meant = nearest(name, names);
      throw invalid(
        `target ${where} has an unknown setting ${JSON.stringify(name)}`,
        meant === undefined ? `Known are ${names.join(", ")}.` : `Did you mean ${meant}?`,
      );
    }
    if (given.getAll(name).length > 1) throw invalid(`target ${where} sets ${name} twice`, "Keep one of them.");
    checkValue(where, name, value, kind);
  }
  checkAliases(where, given, [
    ["use_path_style", "s3ForcePathStyle"],
    ["disable_https", "disableSSL"],
    ["sse", "ssetype"],
    ["kmsKeyId", "kmskeyid"],
  ]);
}

function checkValue(where: string, name: string, value: string, kind: Kind): void {
  if (kind === "unused") return;
  if (value === "") throw invalid(`target ${where} sets ${name} to nothing`, "Give it a value, or leave it out.");
  if (kind === "flag" && flagOf(value) === undefined) {
    throw invalid(`target ${where} needs true or false for ${name}`, `Write ${name}=true or ${name}=false.`);
  }
  if (typeof kind !== "string" && !kind.some((word) => word.toLowerCase() === value.toLowerCase())) {
    throw invalid(`target ${where} has an unknown value for ${name}`, `Known are ${kind.join(", ")}.`);
  }
  if (name === "endpoint") endpointOf(where, value, false);
  if (name === "domain" && /[/?#@]/.test(value)) {
    throw invalid(`target ${where} has a domain that is not a host name`, "Write it as blob.core.windows.net.");
  }
}

function checkAliases(where: string, given: URLSearchParams, aliases: readonly (readonly [string, string])[]): void {
  for (const [one, other] of aliases) {
    if (given.has(one) && given.has(other)) {
      throw invalid(`target ${where} sets ${one} and ${other}, which are the same`, "Keep one of them.");
    }
  }
}

/** A switch's value, under any of the names it has. */
export function flag(settings: ReadonlyMap<string, string>, ...names: readonly string[]): boolean {
  return names.some((name) => flagOf(settings.get(name) ?? "") === true);
}

/** As Go's `strconv.ParseBool` reads them, because Pulumi does. */
function flagOf(value: string): boolean | undefined {
  if (/^(1|t|true)$/i.test(value)) return true;
  return /^(0|f|false)$/i.test(value) ? false : undefined;
}

/** A word in the spelling that the store wants. */
export function word(settings: ReadonlyMap<string, string>, scheme: Bucketed, name: string): string | undefined {
  const kind = KNOWN[scheme][name];
  const value = settings.get(name)?.toLowerCase();
  return typeof kind === "object" ? kind.find((known) => known.toLowerCase() === value) : undefined;
}

/**
 * An endpoint as a URL without a slash at its end; one without a scheme is https, or http where https is switched off.
 *
 * @throws SnapshotError `TARGET_INVALID`
 */
export function endpointOf(where: string, value: string, withoutHttps: boolean): string {
  const text = value.includes("://") ? value : `${withoutHttps ? "http" : "https"}://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // Also where a secret with a slash makes of it the path of another URL.
  if (value.includes("@")) throw holdsCredentials(where);
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "") {
    throw invalid(`target ${where} has an endpoint that is not a URL`, "Write it as https://host:port.");
  }
  return text.replace(/\/+$/, "");
}

export function holdsCredentials(where: string): SnapshotError {
  return invalid(
    `target ${where} holds credentials`,
    "Remove them from the URL: credentials come from the environment, a profile or the machine's role.",
  );
}

function invalid(message: string, hint: string): SnapshotError {
  return new SnapshotError("TARGET_INVALID", message, hint);
}
