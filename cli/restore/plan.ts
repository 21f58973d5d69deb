/** Describes what a restore would do, for people: the archive, the cluster, and the verdict of each guard. */

import type { Guard } from "../../provider/restore/guards";
import type { Preparation } from "../../provider/restore/prepare";
import type { Receipt } from "../../provider/restore/receipt";
import { megabytes } from "../../provider/units";
import { rows, shown } from "../terminal/rows";
import { datacenterName } from "./datacenterName";

/** Of the names of rows, in characters. */
const WIDTH = 14;

export function describePlan(plan: Preparation | { readonly earlier: Receipt }, now: Date): string {
  return "earlier" in plan ? describeEarlier(plan.earlier) : describePreparation(plan, now);
}

function describeEarlier({ attempt: { begunAt, source, sha256 }, result, location }: Receipt): string {
  const [state, next] =
    result === undefined
      ? ["begun", "Nothing would be restored: its result would be read back."]
      : [
          "restored",
          `Nothing would be restored: its receipt says that it was ${result.outcome} when it was read back, and the cluster would be read again.`,
        ];
  return [
    `This run was ${state} already`,
    ...rows(
      [
        ["begun at", begunAt],
        ["archive", source],
        ["SHA-256", sha256],
        ["receipt", location],
      ],
      WIDTH,
    ),
    next,
  ].join("\n");
}

function describePreparation(plan: Preparation, now: Date): string {
  const { archive, cluster } = plan;
  const lines = [
    `Archive ${shown(archive.location)}`,
    ...rows(
      [
        ["taken", `${archive.takenAt}, ${ageOf(now.getTime() - Date.parse(archive.takenAt))}`],
        ["index", archive.index],
        ["datacenter", archive.datacenter && datacenterName(archive.datacenter)],
        ["Consul", archive.consulVersion],
        ["size", `${megabytes(archive.archiveSize)}${archive.encrypted ? ", encrypted" : ""}`],
        ["SHA-256", archive.sha256],
      ],
      WIDTH,
    ),
    "",
    `Cluster ${shown(cluster.address)}`,
    ...rows(
      [
        ["datacenter", cluster.datacenter && datacenterName(cluster.datacenter)],
        ["Consul", cluster.consulVersion],
        ["index", cluster.index],
      ],
      WIDTH,
    ),
    "",
    "Records",
    ...contents(plan),
    "",
    "Guards",
    ...plan.guards.flatMap(describeGuard),
    "",
    verdict(plan),
  ];
  return lines.join("\n");
}

/** Compares the numbers of records in the archive and in the cluster. */
function contents({ archive, cluster }: Preparation): string[] {
  const archived = new Map(archive.contents.map(({ type, count }) => [type, count]));
  const there = new Map((cluster.contents ?? []).map(({ type, count }) => [type, count]));
  const types = [...new Set([...archived.keys(), ...there.keys()])].sort();
  const width = types.reduce((most, { length }) => Math.max(most, length), "type".length) + 2;
  const row = (type: string, one: string | number, other: string | number): string =>
    `  ${type.padEnd(width)}${String(one).padStart(10)}${String(other).padStart(14)}`;
  return [
    row("type", "archive", "cluster now"),
    ...types.map((type) =>
      row(type, archived.get(type) ?? 0, cluster.contents === undefined ? "unknown" : (there.get(type) ?? 0)),
    ),
  ];
}

function describeGuard({ name, ok, overridden, overridable, message, advice }: Guard): string[] {
  const mark = ok ? "ok" : overridden ? "overridden" : "REFUSED";
  const first = `  ${mark.padEnd(12)}${shown(message)}${ok ? "" : ` (guard ${name})`}`;
  if (ok || overridden) return [first];
  const override = overridable ? ` To override: --allow ${name}` : "";
  return [first, `${" ".repeat(14)}${shown(advice)}${override}`];
}

function verdict({ refusal }: Preparation): string {
  return refusal === undefined
    ? "It would be restored: all state of the cluster would be replaced with that of the archive."
    : "Nothing would be restored.";
}

function ageOf(ms: number): string {
  if (ms < 0) return "which is in the future by this machine's clock";
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "less than a minute ago";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`;
}
