/**
 * The settings that a URL can have: those of Pulumi's own state backends (gocloud.dev), so that a URL that
 * works for `pulumi login` works here, and a few more that backups need.
 */

import { nearest } from "../suggestion";
import type { SnapshotError } from "../errors";
import { targetInvalid } from "./targetInvalid";

/** The values of a setting: a flag, any string, or one of a few words; `unused` is accepted and has no effect here. */
export type SettingKind = "flag" | "text" | "unused" | readonly string[];

/** The settings of one backend. */
export interface SettingsTable {
  readonly kinds: Readonly<Record<string, SettingKind>>;
  /** Names of the same setting: a URL may have one of them. */
  readonly synonyms?: readonly (readonly [string, string])[];
  /** Settings of Pulumi's backend that are refused, and what to do instead. */
  readonly unsupported?: Readonly<Record<string, string>>;
}

/** Names of secrets, which are refused: in a URL they would end up in state, logs and shell histories. */
const SECRET =
  /^(sig|sv|se|sp|skoid|x-amz-.*|x-goog-.*|awsaccesskeyid|.*(secret|password|passwd|token|signature|credential).*|.*access_?key.*|.*account_?key.*|sas)$/i;

/**
 * Refuses unknown settings before anything is done.
 *
 * @param where - the URL without its settings, for messages
 * @throws SnapshotError `TARGET_INVALID`
 */
export function checkSettings(table: SettingsTable, where: string, parameters: URLSearchParams): void {
  const { kinds, synonyms = [], unsupported = {} } = table;
  const names = Object.keys(kinds);
  // An unknown setting that contains an @ may be the rest of a secret that contains a question mark.
  const unknown = [...parameters].filter(([name]) => !Object.hasOwn(kinds, name));
  if (unknown.some(([name, value]) => SECRET.test(name) || `${name}${value}`.includes("@"))) {
    throw holdsCredentials(where);
  }
  for (const [name, value] of parameters) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined && Object.hasOwn(unsupported, name)) {
      throw targetInvalid(`target ${where} has the setting ${name}, which is not supported`, unsupported[name] ?? "");
    }
    if (kind === undefined) {
      const meant = nearest(name, names);
      throw targetInvalid(
        `target ${where} has an unknown setting ${JSON.stringify(name)}`,
        meant === undefined ? `Settings are ${names.join(", ")}.` : `Did you mean ${meant}?`,
      );
    }
    if (parameters.getAll(name).length > 1)
      throw targetInvalid(`target ${where} sets ${name} twice`, "Keep one of them.");
    checkValue(where, name, value, kind);
  }
  checkSynonyms(where, parameters, synonyms);
}

function checkValue(where: string, name: string, value: string, kind: SettingKind): void {
  if (kind === "unused") return;
  if (value === "") throw targetInvalid(`target ${where} has an empty ${name}`, "Set a value, or remove the setting.");
  if (kind === "flag" && flagOf(value) === undefined) {
    throw targetInvalid(`target ${where} needs true or false for ${name}`, `Write ${name}=true or ${name}=false.`);
  }
  if (typeof kind !== "string" && !kind.some((word) => word.toLowerCase() === value.toLowerCase())) {
    throw targetInvalid(`target ${where} has an unknown value for ${name}`, `Values are ${kind.join(", ")}.`);
  }
  if (name === "endpoint") endpointOf(where, value, false);
  if (name === "domain" && /[/?#@]/.test(value)) {
    throw targetInvalid(`target ${where} has a domain that is not a host name`, "Write it as blob.core.windows.net.");
  }
}

function checkSynonyms(
  where: string,
  parameters: URLSearchParams,
  synonyms: readonly (readonly [string, string])[],
): void {
  for (const [one, other] of synonyms) {
    if (parameters.has(one) && parameters.has(other)) {
      throw targetInvalid(`target ${where} sets ${one} and ${other}, which mean the same`, "Keep one of them.");
    }
  }
}

/** The value of a flag, under any of its names. */
export function flag(settings: ReadonlyMap<string, string>, ...names: readonly string[]): boolean {
  return names.some((name) => flagOf(settings.get(name) ?? "") === true);
}

/** As Go's `strconv.ParseBool` reads them, because Pulumi does. */
function flagOf(value: string): boolean | undefined {
  if (/^(1|t|true)$/i.test(value)) return true;
  return /^(0|f|false)$/i.test(value) ? false : undefined;
}

/** A word in the spelling that the store requires. */
export function word(
  { kinds }: SettingsTable,
  settings: ReadonlyMap<string, string>,
  name: string,
): string | undefined {
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  const value = settings.get(name)?.toLowerCase();
  return typeof kind === "object" ? kind.find((known) => known.toLowerCase() === value) : undefined;
}

/**
 * An endpoint as a URL without a trailing slash. The default scheme is https, or http if https is disabled.
 *
 * @throws SnapshotError `TARGET_INVALID`
 */
export function endpointOf(where: string, value: string, withoutHttps: boolean): string {
  const text = value.includes("://") ? value : `${withoutHttps ? "http" : "https"}://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // A secret that contains a slash would move the rest of the URL into the path.
  if (value.includes("@")) throw holdsCredentials(where);
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "") {
    throw targetInvalid(`target ${where} has an endpoint that is not a URL`, "Write it as https://host:port.");
  }
  return text.replace(/\/+$/, "");
}

export function holdsCredentials(where: string): SnapshotError {
  return targetInvalid(
    `target ${where} contains credentials`,
    "Remove them from the URL: credentials come from the environment, a profile or the machine's role.",
  );
}
