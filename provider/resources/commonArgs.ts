/** What the arguments of both resources have in common: the check of their names, and the settings of the cluster. */

import { type ArgumentProblem, checkRows } from "../args/kinds";
import { CONNECTION, CONNECTION_NAMESPACE, type SettingName } from "../args/tables/connection";
import type { Vocabulary } from "../args/vocabulary";
import { compact } from "../compact";
import { checkConnection, type ConnectionArgs, type Sources } from "../consul/connection";
import { SnapshotError } from "../errors";
import { type Context, isRecord, type Problem, UNKNOWN, type Value, type Values } from "../lifecycle";
import type { Owner } from "../owner";
import { defined } from "../values";

/** The settings that say which cluster is meant, rather than how to reach it. */
export const CLUSTER_SETTINGS = (Object.keys(CONNECTION) as SettingName[]).filter(
  (name) => CONNECTION[name].effect === "replace",
);

/** Arguments that Pulumi and our SDK add. */
const ADDED: readonly string[] = ["identity", "__provider"];

/**
 * Problems with the names and kinds of a resource's arguments, by its table. Unknown values are not judged.
 *
 * @param resource - its name, for messages
 */
export function checkTable(noun: "snapshot" | "restore", inputs: Values, resource: string): ArgumentProblem[] {
  const written = Object.entries(inputs).filter(([name]) => !ADDED.includes(name));
  return checkRows(noun, Object.fromEntries(written), { owner: resource });
}

/** Problems with the settings of an argument `connection` that is an object, or with those of other sources. */
export function checkConnectionArgs({ connection }: Values, sources: Sources): Problem[] {
  const settings = connection ?? {};
  return isRecord(settings) ? checkConnection(settings, sources) : [];
}

/** The known settings of the connection. `checkConnectionArgs` judges their kinds. */
export function readConnectionArgs({ connection }: Values): ConnectionArgs {
  if (!isRecord(connection)) return {};
  return Object.fromEntries(Object.entries(connection).filter(([, value]) => value !== UNKNOWN));
}

/**
 * The settings that specify the cluster, from the argument or stack configuration. The environment is left out: it differs
 * between the machines of operators, and such a difference is no reason for a new snapshot.
 */
export function clusterSettings(connection: Value | undefined, sources: Sources): Value {
  if (connection === UNKNOWN) return UNKNOWN;
  const written = isRecord(connection) ? connection : {};
  const namespace = typeof written.config === "string" ? written.config : (sources.namespace ?? CONNECTION_NAMESPACE);
  return defined(
    Object.fromEntries(CLUSTER_SETTINGS.map((name) => [name, written[name] ?? sources.config(`${namespace}:${name}`)])),
  );
}

/** Converts an error that `check` throws to a problem with the argument. */
export function locationProblems(path: string, check: () => unknown): Problem[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    return [{ path, reason: `${path}: ${error.message}. ${error.hint}` }];
  }
}

/** @param vocabulary - of the resource */
export function sourcesOf(context: Context, vocabulary: Vocabulary): Sources {
  const { connectionNamespace: namespace } = context;
  return compact({ config: (key: string) => context.config(key), env: process.env, namespace, vocabulary });
}

/**
 * @param name - name of the resource, used if the host does not know it
 * @param series - the argument of that name
 */
export function ownerOf(context: Context, name: string, series?: Value): Owner {
  const owner = context.owner ?? { organization: "organization", project: "project", stack: "stack", name };
  return typeof series === "string" ? { ...owner, series } : owner;
}
