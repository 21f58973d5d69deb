/** What the SDK's types and the reference say of an argument: its row in words. */

import type { Kind, NestedNoun, Row } from "../../provider/args/tables/row";
import { type Noun, NOUNS } from "../../provider/args/tables/nouns";

/** The SDK's interface of each noun. */
export const INTERFACES: Readonly<Record<Noun, string>> = {
  snapshot: "ConsulSnapshotArgs",
  restore: "ConsulSnapshotRestoreArgs",
  connection: "ConsulConnectionArgs",
  header: "ConsulHeaderArgs",
  retention: "ConsulRetentionArgs",
  encryption: "ConsulEncryptionArgs",
  decryption: "ConsulDecryptionArgs",
  inspect: "ConsulInspectArgs",
  safetySnapshot: "ConsulSafetySnapshotArgs",
};

/** The type of a program's argument. */
export function inputTypeOf(kind: Kind): string {
  return kind.type === "archive" ? "pulumi.Input<string> | ConsulArchive" : `pulumi.Input<${typeOf(kind)}>`;
}

function typeOf(kind: Kind): string {
  switch (kind.type) {
    case "boolean":
      return "boolean";
    case "integer":
      return "number";
    case "timeout":
      return "string | number";
    case "choice":
      return kind.choices.map((choice) => JSON.stringify(choice)).join(" | ");
    case "guard":
      return "ConsulAllowance";
    case "any":
      return "unknown";
    case "list":
      return `pulumi.Input<${typeOf(kind.of)}>[]`;
    case "object":
      return INTERFACES[kind.noun] + (kind.orFalse === true ? " | false" : "");
    case "string":
    case "duration":
    case "time":
    case "archive":
      return "string";
  }
}

/** The type of an argument in the reference, as Markdown. */
export function typeInWords(kind: Kind): string {
  switch (kind.type) {
    case "integer":
      return "positive integer";
    case "timeout":
      return "duration, or seconds";
    case "time":
      return "string";
    case "archive":
      return "string, or a `ConsulSnapshot`";
    case "choice":
      return kind.choices.map((choice) => code(choice)).join(", ");
    case "list":
      return `list of ${LISTED[kind.of.type] ?? typeInWords(kind.of)}`;
    case "object":
      return isShort(kind.noun)
        ? `\`{ ${Object.keys(NOUNS[kind.noun]).join(", ")} }\`${kind.orFalse === true ? " or `false`" : ""}`
        : "object";
    case "string":
    case "boolean":
    case "duration":
    case "guard":
    case "any":
      return kind.type;
  }
}

const LISTED: Readonly<Partial<Record<Kind["type"], string>>> = {
  string: "strings",
  guard: "guards",
  any: "any values",
};

function isShort(noun: NestedNoun): boolean {
  return Object.keys(NOUNS[noun]).length <= 3;
}

/** What is used where the argument is omitted, as Markdown; nothing for one that is required. */
export function defaultInWords({ required, default: value, without }: Row): string | undefined {
  if (required === true) return undefined;
  return value === undefined ? (without ?? "none") : code(value);
}

/** The environment variable that sets the argument, as Markdown: for one that is true or false, as it is set. */
export function variableInWords({ environment, default: instead }: Row): string | undefined {
  if (environment === undefined) return undefined;
  const { variable, values } = environment;
  if (values === undefined) return `\`${variable}\``;
  const set = values.true !== undefined && values.true !== instead ? "true" : "false";
  return `\`${variable}=${set}\``;
}

function code(value: string | number | boolean): string {
  return `\`${JSON.stringify(value)}\``;
}
