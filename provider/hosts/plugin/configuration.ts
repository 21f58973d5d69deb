/** The provider's configuration, set by stack configuration `consul-snapshot:NAME` or by an explicit provider. */

import { fromText, problemWith } from "../../args/kinds";
import { CONFIGURATION, CONFIGURATION_NAMESPACE } from "../../args/tables/configuration";
import { CONNECTION } from "../../args/tables/connection";
import type { Row, Table } from "../../args/tables/row";
import { UNKNOWN, type Value, type Values } from "../../lifecycle";
import { suggestion } from "../../suggestion";

/** Pulumi adds these to every provider. */
const PULUMI = ["version", "pluginDownloadURL", "__internal", "__defaults"];

/** All settings by name. */
export const SETTINGS: Table = Object.fromEntries(
  Object.entries<Row>({ ...(CONNECTION as Table), ...CONFIGURATION }).filter(([, { dynamicOnly }]) => !dynamicOnly),
);

/** One sentence for each problem with the settings, free of secrets; unknown values are not checked. */
export function checkConfiguration(values: Values): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    if (PULUMI.includes(name) || value === null) return [];
    const label = `${CONFIGURATION_NAMESPACE}:${name}`;
    const row = Object.hasOwn(SETTINGS, name) ? SETTINGS[name] : undefined;
    if (row === undefined) return [`${label} is not a setting: ${suggestion(name, Object.keys(SETTINGS))}`];
    const problem = problemWith(label, row, parsed(row, value));
    return problem === undefined ? [] : [problem];
  });
}

/**
 * Looks up a setting by `consul-snapshot:NAME`, as the lifecycles do: always a string, in JSON unless the setting is a
 * string.
 */
export function configLookup(values: Values): (key: string) => string | undefined {
  return (key) => {
    const [namespace, name = ""] = key.split(":");
    if (namespace !== CONFIGURATION_NAMESPACE || !Object.hasOwn(SETTINGS, name)) return undefined;
    const value = values[name];
    if (value === undefined || value === null || value === UNKNOWN) return undefined;
    return typeof value === "string" ? value : JSON.stringify(value);
  };
}

/** SDKs send nested settings as JSON text, YAML as objects. */
function parsed({ kind }: Row, value: Value): unknown {
  return typeof value === "string" ? fromText(kind, value) : value;
}
