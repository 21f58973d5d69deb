/** The plugin's schema, as the tables define it: `npm run docs` writes it, a test compares it. */

import manifest from "../../package.json";
import { CONFIGURATION } from "../../provider/args/tables/configuration";
import { CONNECTION } from "../../provider/args/tables/connection";
import { NOUNS } from "../../provider/args/tables/nouns";
import {
  OUTPUT_OBJECTS,
  type OutputKind,
  type OutputTable,
  RESTORE_OUTPUTS,
  SNAPSHOT_OUTPUTS,
} from "../../provider/args/tables/outputs";
import type { Kind, NestedNoun, Row, Table } from "../../provider/args/tables/row";
import { PLACE } from "../../provider/args/tables/listing";
import { FUNCTIONS, type ProviderFunction } from "../../provider/functions/functions";
import { STATE_INPUTS } from "../../provider/hosts/plugin/stateInputs";
import { docComment } from "./argumentTypes";
import { PUBLICATION } from "./publication";

export const SCHEMA_FILE = "schema.json";

const PACKAGE = "consul-snapshot";

/** What the type of each noun is for. */
const NOUN_DOCUMENTATION: Readonly<Record<NestedNoun, string>> = {
  connection:
    "How to reach Consul. Each setting is taken from here, then from the provider's configuration (`consul-snapshot:address` and so on), then from `CONSUL_*`.",
  header: "A header that is sent to Consul, or to a proxy in front of it.",
  retention: "An archive stays if any rule keeps it: the newest of each of so many hours, days and so on, in UTC.",
  encryption: "Who can decrypt an archive.",
  decryption: "What decrypts an archive: the identity of any one of its recipients.",
  inspect: "Which keys to count, and by what.",
  safetySnapshot: "Where what a restore replaces is saved.",
};

interface Type {
  readonly type?: string;
  readonly $ref?: string;
  readonly items?: Type;
  readonly oneOf?: readonly Type[];
}

type Property = Type & Readonly<Record<string, unknown>>;
type Properties = Readonly<Record<string, Property>>;

/** The whole text of the file. */
export function schemaText(): string {
  return `${JSON.stringify(schema(), undefined, 2)}\n`;
}

function schema(): object {
  return {
    name: PACKAGE,
    version: manifest.version,
    ...PUBLICATION,
    license: manifest.license,
    language: {
      nodejs: { packageName: "consul-snapshot", respectSchemaVersion: true },
      python: { respectSchemaVersion: true, pyproject: { enabled: true } },
      go: { generateResourceContainerTypes: true, respectSchemaVersion: true },
      csharp: { respectSchemaVersion: true },
      java: {},
    },
    config: { variables: inputsOf(CONFIGURED, withEnvironment) },
    provider: {
      description: "The settings that resources use where their own arguments set nothing.",
      // Without variables of the environment: an SDK would copy them into state. The plugin reads them itself.
      inputProperties: inputsOf(CONFIGURED),
    },
    resources: {
      [token("ConsulSnapshot")]: resource(
        "A verified snapshot of a Consul cluster, taken when the resource is created and kept at `target`.",
        NOUNS.snapshot,
        SNAPSHOT_OUTPUTS,
        {
          stateInputs: objectOf(
            STATE_INPUTS,
            "What decrypts an archive that is looked up, if it is encrypted and has no manifest.",
          ),
          listInputs: objectOf(PLACE, "The place whose archives are listed."),
        },
      ),
      [token("ConsulSnapshotRestore")]: resource(
        "Replaces all state of a Consul cluster with that of an archive: once for each `runId`, when the resource is created or its `runId` changes. Destroying it changes nothing in Consul.",
        NOUNS.restore,
        RESTORE_OUTPUTS,
      ),
    },
    functions: functions(),
    types: { ...nounTypes(), ...outputTypes(), ...enumTypes() },
  };
}

/** What the provider's configuration sets. */
const CONFIGURED: Table = { ...CONNECTION, ...CONFIGURATION };

function resource(description: string, args: Table, outputs: OutputTable, more: object = {}): object {
  const stored = Object.fromEntries(Object.entries(args).filter(([, { effect }]) => effect !== "none"));
  return {
    description,
    properties: { ...inputsOf(stored, withoutDefault), ...outputsOf(outputs) },
    required: [...requiredOf(stored), ...presentIn(outputs)],
    inputProperties: inputsOf(args),
    requiredInputs: requiredOf(args),
    ...more,
  };
}

function functions(): object {
  return Object.fromEntries(
    Object.entries<ProviderFunction>(FUNCTIONS).map(([name, { documentation, inputs, outputs }]) => [
      token(name),
      {
        description: documentation,
        inputs: { type: "object", properties: inputsOf(inputs, withoutEffect), required: requiredOf(inputs) },
        outputs: { type: "object", properties: outputsOf(outputs), required: presentIn(outputs) },
      },
    ]),
  );
}

function nounTypes(): object {
  const nouns = Object.keys(NOUN_DOCUMENTATION) as NestedNoun[];
  return Object.fromEntries(
    nouns.map((noun) => [token(capitalized(noun)), objectOf(NOUNS[noun], NOUN_DOCUMENTATION[noun])]),
  );
}

function objectOf(table: Table, description: string): object {
  const isConnection = table === CONNECTION;
  return {
    description,
    type: "object",
    // A default of the schema becomes an argument, which would override configuration and environment.
    properties: inputsOf(table, isConnection ? withoutDefault : undefined),
    required: requiredOf(table),
  };
}

function outputTypes(): object {
  return Object.fromEntries(
    Object.entries(OUTPUT_OBJECTS).map(([noun, { documentation, fields }]) => [
      token(capitalized(noun)),
      { description: documentation, type: "object", properties: outputsOf(fields), required: presentIn(fields) },
    ]),
  );
}

/** The types whose values are listed, by the argument or output that has them. */
function enumTypes(): object {
  const args = [...Object.values(NOUNS)].flatMap((table) =>
    Object.entries(table).flatMap(([name, { kind }]): [string, readonly string[]][] =>
      kind.type === "choice" ? [[capitalized(name), kind.choices]] : [],
    ),
  );
  const tables = [
    SNAPSHOT_OUTPUTS,
    RESTORE_OUTPUTS,
    ...Object.values(OUTPUT_OBJECTS).map(({ fields }) => fields),
    ...Object.values(FUNCTIONS).map(({ outputs }) => outputs),
  ];
  const outputs = tables.flatMap((table: OutputTable) =>
    Object.values(table).flatMap(({ kind }): [string, readonly string[]][] =>
      kind.type === "choice" ? [[kind.name, kind.choices]] : [],
    ),
  );
  return Object.fromEntries(
    [...args, ...outputs].map(([name, choices]) => [
      token(name),
      { type: "string", enum: choices.map((value) => ({ value })) },
    ]),
  );
}

type Adapt = (property: Property, row: Row) => Property;

function inputsOf(table: Table, adapt: Adapt = (property) => property): Properties {
  return Object.fromEntries(pluginRows(table).map(([name, row]) => [name, adapt(inputOf(name, row), row)] as const));
}

function requiredOf(table: Table): string[] {
  return pluginRows(table).flatMap(([name, { required }]) => (required === true ? [name] : []));
}

function pluginRows(table: Table): [string, Row][] {
  return Object.entries(table).filter(([, { dynamicOnly }]) => dynamicOnly !== true);
}

function inputOf(name: string, row: Row): Property {
  const { kind, secret, effect, default: value, pluginDocumentation } = row;
  return {
    ...inputType(name, kind),
    description: docComment(pluginDocumentation === undefined ? row : { ...row, documentation: pluginDocumentation }),
    ...(value === undefined || row.environment !== undefined || kind.type === "timeout" ? {} : { default: value }),
    ...(secret === true ? { secret } : {}),
    ...(effect === "replace" && isArgument(row) ? { willReplaceOnChanges: true } : {}),
  };
}

/** Settings of a connection have an effect only on some resources. */
function isArgument(row: Row): boolean {
  return !Object.values(CONNECTION).includes(row as never);
}

const without =
  (field: string): Adapt =>
  (property) =>
    Object.fromEntries(Object.entries(property).filter(([key]) => key !== field));

const withoutDefault = without("default");
/** A call changes nothing, so nothing is replaced. */
const withoutEffect = without("willReplaceOnChanges");

const withEnvironment: Adapt = (property, { environment }) => {
  if (environment === undefined || environment.values !== undefined) return property;
  return { ...property, defaultInfo: { environment: [environment.variable] } };
};

function inputType(name: string, kind: Kind): Type {
  switch (kind.type) {
    case "boolean":
      return { type: "boolean" };
    case "integer":
      return { type: "integer" };
    case "timeout":
      return { oneOf: [{ type: "string" }, { type: "number" }] };
    case "choice":
      return reference(capitalized(name));
    case "any":
      return { $ref: "pulumi.json#/Any" };
    case "list":
      return { type: "array", items: inputType(name, kind.of) };
    case "object": {
      const type = reference(capitalized(kind.noun));
      return kind.orFalse === true ? { oneOf: [type, { type: "boolean" }] } : type;
    }
    case "string":
    case "duration":
    case "time":
    case "guard":
    case "archive":
      return { type: "string" };
  }
}

function outputsOf(table: OutputTable): Properties {
  return Object.fromEntries(
    Object.entries(table).map(([name, { kind, documentation }]) => [
      name,
      { ...outputType(kind), description: documentation },
    ]),
  );
}

/** The outputs that always have a value. */
function presentIn(table: OutputTable): string[] {
  return Object.entries(table).flatMap(([name, { optional }]) => (optional === true ? [] : [name]));
}

function outputType(kind: OutputKind): Type {
  switch (kind.type) {
    case "string":
    case "boolean":
    case "integer":
    case "number":
      return { type: kind.type };
    case "choice":
      return reference(kind.name);
    case "strings":
      return { type: "array", items: { type: "string" } };
    case "any":
      return { $ref: "pulumi.json#/Any" };
    case "list":
      return { type: "array", items: reference(capitalized(kind.of)) };
    case "object":
      return reference(capitalized(kind.of));
  }
}

function token(name: string): string {
  return `${PACKAGE}:index:${name}`;
}

function reference(name: string): Type {
  return { $ref: `#/types/${token(name)}` };
}

function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
