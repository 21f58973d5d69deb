/** Prints a list, each entry as soon as it is known. */

import type { Listed, ListedArchive } from "../../provider/catalog/list";
import { spelledAge } from "../../provider/catalog/status";
import type { Reasoning } from "../../provider/retention/reasons";
import { listedArchiveData, stateOf } from "../../provider/catalog/listedArchiveData";
import { errorData } from "../../provider/errorData";
import { megabytes } from "../../provider/units";
import { counted } from "../terminal/counted";
import type { Output } from "../terminal/output";
import {
  cleanJson,
  type CleanLines,
  type CleanText,
  composed,
  hanging,
  joined,
  padded,
  sentence,
} from "../../provider/text";
import { shown } from "../terminal/rows";
import { adoptHint, toAdopt, type Unadopted } from "../source/adoptHint";

/** One archive, with everything that is printed of it. */
export interface ArchiveEntry {
  readonly listed: ListedArchive;
  readonly location: string;
  readonly retention: Reasoning | undefined;
}

export type Other = Exclude<Listed, ListedArchive>;

export interface Printer {
  archive(entry: ArchiveEntry): Promise<void>;
  endOfArchives(end: {
    /** The place, as the user specified it. */
    readonly name: string;
    /** Present if only this series is listed. */
    readonly series?: string;
    readonly orphans: number;
    readonly unreadable: number;
    readonly all: boolean;
  }): Promise<void>;
  begin(kind: Other["kind"]): Promise<void>;
  other(listed: Other, location: string): Promise<void>;
  end(kind: Other["kind"]): Promise<void>;
  /** Ends the output with a failure. Resolves to whether output had begun that needed an end. */
  fail(error: unknown): Promise<boolean>;
}

/** Number of lines to write before waiting for the reader. */
const AT_ONCE = 64;

/** Writes, and from time to time waits until the reader has received everything. */
function writer(output: Output): (text: CleanLines) => Promise<void> {
  let written = 0;
  return async (text) => {
    output.write(text);
    if (++written % AT_ONCE === 0) await output.flush();
  };
}

const HEAD = row("TAKEN AT", "AGE", "INDEX", "SIZE", "CONSUL", "PURPOSE", "STATE", "LOCATION");

function row(...cells: readonly [string, string, string, string, string, string, string, string]): CleanLines {
  const widths = [20, 12, -9, -9, 8, 7, 10, 0];
  const columns = cells.map((cell, at) => {
    const width = widths[at] ?? 0;
    return padded(shown(cell), Math.abs(width), width < 0 ? "left" : "right");
  });
  return composed`${joined(columns, "  ")}\n`;
}

export function prettyPrinter(output: Output, errors: Output, now: Date): Printer {
  const write = writer(output);
  let count = 0;
  /** The first object for which `adopt` can write a manifest, preferably one without a manifest. */
  let unadopted: Unadopted | undefined;
  let heading: CleanLines | undefined;
  return {
    async archive({ listed, location, retention }) {
      if (count++ === 0) await write(HEAD);
      const { manifest, archive } = listed;
      const { takenAt, index, consulVersion, purpose, series, encrypted, restorable } = manifest;
      const age = now.getTime() - Date.parse(takenAt);
      await write(
        row(
          takenAt.replace(/\.\d+Z$/, "Z"),
          age < 0 ? "in future" : spelledAge(age),
          String(index),
          megabytes(archive.size),
          consulVersion ?? "unknown",
          purpose,
          stateOf(listed),
          location,
        ),
      );
      const notes = [
        `series ${series}`,
        ...(encrypted ? ["encrypted"] : []),
        ...(retention === undefined
          ? []
          : [`${retention.kept ? "kept" : "would be removed"}: ${retention.reasons.join(", ")}`]),
        ...(restorable?.ok === false ? [`not restorable: ${restorable.reasons.join("; ")}`] : []),
        ...(listed.intact ? [] : [`not what was saved: the manifest specifies ${manifest.storedSize} bytes`]),
      ];
      await write(composed`    ${shown(notes.join(" · "))}\n`);
    },
    endOfArchives({ name, series, orphans, unreadable, all }) {
      if (count === 0) {
        const place = shown(name);
        errors.write(
          series === undefined
            ? composed`no archive with a manifest is at ${place}\n`
            : composed`no archive with a manifest of the series ${shown(JSON.stringify(series))} is at ${place}\n`,
        );
      }
      const hidden = [
        ...(orphans === 0 ? [] : [composed`${counted(orphans, "manifest")} without an archive`]),
        ...(unreadable === 0 ? [] : [composed`${counted(unreadable, "archive")} whose manifest cannot be read`]),
      ];
      if (!all && hidden.length > 0) errors.write(composed`not listed: ${joined(hidden, ", ")}; --all lists them\n`);
      else if (!all && count === 0) errors.write(composed`Add --all to list what is there without a manifest.\n`);
      return Promise.resolve();
    },
    begin(kind) {
      heading =
        kind === "orphan" ? composed`\nManifests without an archive\n` : composed`\nObjects without a manifest\n`;
      return Promise.resolve();
    },
    async other(listed, location) {
      if (listed.kind === "noManifest") unadopted = toAdopt(unadopted, listed, location);
      if (heading !== undefined) await write(heading);
      heading = undefined;
      const { size, modified } = listed.object;
      const isUnreadable = listed.kind === "noManifest" && listed.unreadableManifest;
      const facts = [
        sentence`${megabytes(size)}`,
        sentence`${modified.toISOString()}`,
        ...(isUnreadable ? [sentence`its manifest cannot be read`] : []),
      ];
      await write(composed`  ${shown(location)} (${joined(facts, ", ")})\n`);
    },
    end(kind) {
      if (kind === "noManifest" && unadopted !== undefined) errors.write(composed`${adoptHint(unadopted)}\n`);
      return Promise.resolve();
    },
    fail: () => Promise.resolve(false),
  };
}

/** One document, written in parts. */
export function jsonPrinter(output: Output): Printer {
  const write = writer(output);
  let isFirst = true;
  const item = async (value: object): Promise<void> => {
    const entry = composed`\n    ${hanging(cleanJson(value, 2), 4)}`;
    await write(isFirst ? entry : composed`,${entry}`);
    isFirst = false;
  };
  const open = async (name: CleanText): Promise<void> => {
    isFirst = true;
    await write(composed`  "${name}": [`);
  };
  const close = (rest: CleanLines): Promise<void> => write(isFirst ? composed`]${rest}` : composed`\n  ]${rest}`);
  let begun: Promise<void> | undefined;
  const begin = (): Promise<void> => (begun ??= write(composed`{\n`).then(() => open(sentence`archives`)));
  return {
    async archive({ listed, location, retention }) {
      await begin();
      const { restorable, writtenAt, ...facts } = listedArchiveData(listed, location);
      await item({ ...facts, restorable: restorable ?? null, retention: retention ?? null, writtenAt });
    },
    async endOfArchives({ all }) {
      await begin();
      await close(all ? composed`,\n` : composed`\n}\n`);
    },
    begin: (kind) => open(kind === "orphan" ? sentence`orphanedManifests` : sentence`others`),
    async other(listed, location) {
      const { size, modified } = listed.object;
      const unreadable = listed.kind === "noManifest" ? { unreadableManifest: listed.unreadableManifest } : {};
      await item({ location, size, modified: modified.toISOString(), ...unreadable });
    },
    end: (kind) => close(kind === "orphan" ? composed`,\n` : composed`\n}\n`),
    async fail(error) {
      if (begun === undefined) return false;
      await close(composed`,\n  "error": ${hanging(cleanJson(errorData(error), 2), 2)}\n}\n`);
      return true;
    },
  };
}
