/** What restores print, as a page shows it: everything that differs from run to run made the same, in order of appearance. */

import type { Manifest } from "../../provider/catalog/manifest";
import type { ConsulServer } from "../support/consul/consul";
import { transcripts } from "./transcript";

/** Consul's own bookkeeping, of which there is sometimes more and sometimes less: the number of all records differs, too. */
const BOOKKEEPING = /^ +Index +\d+ +\d+$\n/gm;

/** What is said only when something takes more than a moment. */
const SLOW = /^(waiting for Consul to |.* received, ).*\n/gm;

export interface Cast {
  /** The servers by the host that the page calls them. */
  readonly hosts: Readonly<Record<string, ConsulServer>>;
  /** What a scene begins with, where that is an archive: its time and its index are the first. */
  readonly archive?: Pick<Manifest, "takenAt" | "index">;
}

/** @param folder - of the shell, which the page calls `/srv/shop` */
export function restoreTranscripts(folder: string, { hosts, archive }: Cast): (printed: string) => string {
  const clean = transcripts(folder);
  const minute = numbered((count) => `2026-11-01T02:${String(9 + count).padStart(2, "0")}:00.000Z`);
  const index = numbered((count) => String(1000 + 20 * count));
  const id = numbered((count) => `${String(count).repeat(8)}-2026-4000-8000-${String(count).repeat(12)}`);
  if (archive !== undefined) {
    minute(archive.takenAt);
    index(String(archive.index));
  }
  return (printed) => {
    const placed = Object.entries(hosts).reduce(
      (text, [host, server]) =>
        text.replaceAll(server.address, `${host}:8500`).replaceAll(server.rpcAddress, `${host}:8300`),
      printed,
    );
    return (
      clean(placed)
        .replaceAll(BOOKKEEPING, "")
        .replaceAll(SLOW, "")
        // A row ends with what was said last, and what is said at the same time comes in any order.
        .replaceAll(/(?<=^ \+ .* created \(0\.1s\)).*/gm, "")
        .replaceAll(/consul-dc2-\d{8}T\d{6}Z-\d+-[0-9a-f]{4}/g, "consul-dc2-20261101T021100Z-1020-a2f2")
        .replaceAll(/(?<=\bcli \S+Z )\S+/g, "ops-1")
        .replaceAll(/(?<=\(index \d+, )\d+(?= records)/g, "97")
        .replaceAll(/\b\d+ min ago/g, "less than a minute ago")
        .replaceAll(/(?<=from one )[\d.]+ s/g, "18 s")
        .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, minute)
        .replaceAll(/(?<=\bindex( now)? +)\d+/g, index)
        .replaceAll(/\b\d-(\d+)-\d{13}\b/g, (_id, raft: string) => `2-${index(raft)}-1793498400000`)
        .replaceAll(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, id)
        .replaceAll(/\b[0-9a-f]{64}\b/g, "a38b103275127fa92827d028bb503f2ef26922b2d95d70b6380bb856a09725b4")
        .replaceAll(/consul-restore-[0-9a-f]{16}-[0-9a-f]{8}/g, "consul-restore-78ecd008b7135772-373fdb40")
        .replaceAll(/\b\d+(\.\d)? kB/g, "8.2 kB")
        .replaceAll(/\b\d+(\.\d)?KB/g, "23.7KB")
        // How often progress is printed is a matter of time.
        .replaceAll(/^(.* kB of .* kB\b.*\n)\1+/gm, "$1")
    );
  };
}

/** A name for each text that is new, by how many there were. */
function numbered(name: (count: number) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const named = known.get(text) ?? name(known.size + 1);
    known.set(text, named);
    return named;
  };
}
