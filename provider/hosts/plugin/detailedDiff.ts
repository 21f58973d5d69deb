/** Changes in Pulumi's form: one kind for each path. Pure. */

import type { Change } from "../../lifecycle";

export type DiffKind = "add" | "addReplace" | "delete" | "deleteReplace" | "update" | "updateReplace";

export interface DetailedDiff {
  /** The arguments that changed. */
  readonly diffs: readonly string[];
  /** Those of them that replace the resource. */
  readonly replaces: readonly string[];
  /** By changed path: at least one for each of `diffs`, and none for other arguments. */
  readonly detailed: ReadonlyMap<string, DiffKind>;
}

export function detailedDiff(changes: readonly Change[]): DetailedDiff {
  const unique = (some: readonly Change[]): string[] => [...new Set(some.map(({ path }) => path))];
  const detailed = new Map<string, DiffKind>();
  // Sort replacements last, so that they override another change of the same path.
  for (const change of [...changes].sort((a, b) => Number(a.replaces) - Number(b.replaces))) {
    detailed.set(change.part ?? change.path, change.replaces ? `${change.kind}Replace` : change.kind);
  }
  return { diffs: unique(changes), replaces: unique(changes.filter(({ replaces }) => replaces)), detailed };
}
