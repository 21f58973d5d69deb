/** What a restore would do, as lines for a person: which archive, into which cluster, and what each guard saw. */

import type { Guard, Outlook, Plan, Receipt } from "../provider/transfer/load/load";
import { megabytes } from "../provider/transfer/progress";

export function describePlan(plan: Plan, now: Date): string {
  return "earlier" in plan ? describeEarlier(plan.earlier) : describeOutlook(plan, now);
}

function describeEarlier({ begunAt, source, sha256, result, receipt }: Receipt): string {
  const [state, next] =
    result === undefined
      ? ["begun", "Nothing would be restored: it would be read back."]
      : ["restored", `Nothing would be restored: it was ${result.outcome} when it was read back.`];
  return [
    `This run was ${state} already`,
    ...rows([
      ["begun at", begunAt],
      ["archive", source],
      ["SHA-256", sha256],
      ["receipt", receipt],
    ]),
    next,
  ].join("\n");
}

function describeOutlook(plan: Outlook, now: Date): string {
  const { archive, cluster } = plan;
  const lines = [
    `Archive ${archive.location}`,
    ...rows([
      ["taken", `${archive.takenAt}, ${ageOf(now.getTime() - Date.parse(archive.takenAt))}`],
      ["index", archive.index],
      ["datacenter", archive.datacenter],
      ["Consul", archive.consulVersion],
      ["size", `${megabytes(archive.archiveSize)}${archive.encrypted ? ", encrypted" : ""}`],
      ["SHA-256", archive.sha256],
    ]),
    "",
    `Cluster ${cluster.address}`,
    ...rows([
      ["datacenter", cluster.datacenter],
      ["Consul", cluster.consulVersion],
      ["index", cluster.index],
    ]),
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

function rows(entries: readonly (readonly [string, string | number | undefined])[]): string[] {
  return entries.map(([name, value]) => `  ${name.padEnd(14)}${value ?? "unknown"}`);
}

/** The archive's records beside those of the cluster. */
function contents({ archive, cluster }: Outlook): string[] {
  const archived = new Map(archive.contents.map(({ type, count }) => [type, count]));
  const there = new Map((cluster.contents ?? []).map(({ type, count }) => [type, count]));
  const types = [...new Set([...archived.keys(), ...there.keys()])].sort();
  const width = Math.max("type".length, ...types.map((type) => type.length)) + 2;
  const row = (type: string, one: string | number, other: string | number): string =>
    `  ${type.padEnd(width)}${String(one).padStart(10)}${String(other).padStart(14)}`;
  return [
    row("type", "archive", "cluster now"),
    ...types.map((type) =>
      row(type, archived.get(type) ?? 0, cluster.contents === undefined ? "unknown" : (there.get(type) ?? 0)),
    ),
  ];
}

function describeGuard({ name, ok, allowed, seen, allow, advice }: Guard): string[] {
  const mark = ok ? "ok" : allowed ? "allowed" : "REFUSED";
  const first = `  ${mark.padEnd(9)}${seen}${ok ? "" : ` (guard ${name})`}`;
  if (ok || allowed) return [first];
  const override = allow === undefined ? "" : ` If it is meant: --allow ${allow}`;
  return [first, `${" ".repeat(11)}${advice}${override}`];
}

function verdict({ refusal }: Outlook): string {
  return refusal === undefined
    ? "It would be restored: all that the cluster holds is replaced by what the archive holds."
    : "Nothing would be restored.";
}

function ageOf(ms: number): string {
  if (ms < 0) return "which is yet to come by this machine's clock";
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "less than a minute ago";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`;
}
