/** The functions of the plugin, as one table: the schema, the checks and the reference follow it. */

import { LISTING } from "../args/tables/listing";
import type { OutputTable } from "../args/tables/outputs";
import { PLACE_URLS } from "../args/tables/places";
import { RESTORE } from "../args/tables/restore";
import type { Row, Table } from "../args/tables/row";
import { SNAPSHOT } from "../args/tables/snapshot";
import { CONSUL_VERSION } from "../args/tables/verification";
import { compact } from "../compact";
import { INSPECTION_OUTPUTS, LISTED_ARCHIVE_OUTPUTS, PLAN_OUTPUTS, VERDICT_OUTPUTS } from "./outputs";
import type { Work } from "./work";

export interface ProviderFunction {
  /** Markdown, one sentence or a few. */
  readonly documentation: string;
  readonly inputs: Table;
  readonly outputs: OutputTable;
  /** Called when the function is first called: the code that reads archives and queries Consul is not loaded earlier. */
  readonly load: () => Promise<Work>;
}

const SOURCE = {
  ...RESTORE.source,
  kind: { type: "string" },
  pluginDocumentation: `The archive: its path (relative to the program's folder), or its ${PLACE_URLS}, such as the output \`location\` of a \`ConsulSnapshot\`.`,
} as const satisfies Row;

const DECRYPTION = linked(RESTORE.decryption, "consul-snapshot-restore");

export const FUNCTIONS = {
  inspectArchive: {
    documentation:
      "Reads an archive to its last byte and returns what is in it. It fails where the archive is invalid, or where not all of its records can be decoded.",
    inputs: { source: SOURCE, inspect: linked(SNAPSHOT.inspect, "consul-snapshot"), decryption: DECRYPTION },
    outputs: INSPECTION_OUTPUTS,
    load: async () => (await import("./inspectArchive.js")).inspectArchive,
  },
  verifyArchive: {
    documentation:
      "Reads an archive to its last byte and returns a verdict on it. An archive that is invalid, or cannot be read, is a verdict too: look at `ok`.",
    inputs: {
      source: SOURCE,
      consulVersion: CONSUL_VERSION,
      decryption: DECRYPTION,
    },
    outputs: VERDICT_OUTPUTS,
    load: async () => (await import("./verifyArchive.js")).verifyArchive,
  },
  listArchives: {
    documentation: "Returns the newest archives at a place, the newest first, with the facts of their manifests.",
    inputs: LISTING,
    outputs: LISTED_ARCHIVE_OUTPUTS,
    load: async () => (await import("./listArchives.js")).listArchives,
  },
  planRestore: {
    documentation:
      "Returns what a restore would do, and changes nothing: the archive is verified, the cluster is observed and read, and all guards are judged. A refusal is a result too: look at `wouldRestore`.",
    inputs: {
      ...Object.fromEntries(
        Object.entries(RESTORE).map(([name, row]) => [name, linked(row, "consul-snapshot-restore")]),
      ),
      source: SOURCE,
      runId: { ...optional(RESTORE.runId), without: "an id of its own, which no restore has" },
      validUntil: { ...optional(RESTORE.validUntil), without: "no limit" },
    },
    outputs: PLAN_OUTPUTS,
    load: async () => (await import("./planRestore.js")).planRestore,
  },
} as const satisfies Readonly<Record<string, ProviderFunction>>;

export type FunctionName = keyof typeof FUNCTIONS;

export const FUNCTION_NAMES = Object.keys(FUNCTIONS) as FunctionName[];

/** A row of a resource, whose link leads to the page of that resource. */
function linked(row: Row, page: string): Row {
  return row.page === undefined ? row : { ...row, page: row.page.replace("(#", `(${page}.md#`) };
}

function optional(row: Row): Row {
  return compact({ ...row, required: undefined });
}
