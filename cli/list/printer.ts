/** Prints a list, each entry as soon as it is known. */

import type { Listed, ListedArchive } from "../../provider/catalog/list";
import { spelledAge } from "../../provider/catalog/status";
import type { Reasoning } from "../../provider/retention/reasons";
import { listedArchiveData, stateOf } from "../../provider/catalog/listedArchiveData";
import { errorData } from "../../provider/errorData";
import { megabytes } from "../../provider/units";
import { counted } from "../terminal/counted";
import { jsonText } from "../terminal/json";
import type { Output } from "../terminal/output";
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
function writer(output: Output): (text: string) => Promise<void> {
  let written = 0;
  return async (text) => {
    output.write(text);
    if (++written % AT_ONCE === 0) await output.flush();
  };
}

const HEAD = row("TAKEN AT", "AGE", "INDEX", "SIZE", "CONSUL", "PURPOSE", "STATE", "LOCATION");

function row(...cells: readonly [string, string, string, string, string, string, string, string]): string {
  const [takenAt = "", age = "", index = "", size = "", consul = "", purpose = "", state = "", location = ""] =
    cells.map(shown);
  return `${takenAt.padEnd(20)}  ${age.padEnd(12)}  ${index.padStart(9)}  ${size.padStart(9)}  ${consul.padEnd(8)}  ${purpose.padEnd(7)}  ${state.padEnd(10)}  ${location}\n`;
}

export function prettyPrinter(output: Output, errors: Output, now: Date): Printer {
  const write = writer(output);
  let count = 0;
  /** The first object for which `adopt` can write a manifest, preferably one without a manifest. */
  let unadopted: Unadopted | undefined;
  let heading = "";
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
      await write(`    ${shown(notes.join(" · "))}\n`);
    },
    endOfArchives({ name, series, orphans, unreadable, all }) {
      if (count === 0) {
        const which = series === undefined ? "" : ` of the series ${shown(JSON.stringify(series))}`;
        errors.write(`no archive with a manifest${which} is at ${shown(name)}\n`);
      }
      const hidden = [
        ...(orphans === 0 ? [] : [`${counted(orphans, "manifest")} without an archive`]),
        ...(unreadable === 0 ? [] : [`${counted(unreadable, "archive")} whose manifest cannot be read`]),
      ];
      if (!all && hidden.length > 0) errors.write(`not listed: ${hidden.join(", ")}; --all lists them\n`);
      else if (!all && count === 0) errors.write("Add --all to list what is there without a manifest.\n");
      return Promise.resolve();
    },
    begin(kind) {
      heading = kind === "orphan" ? "\nManifests without an archive\n" : "\nObjects without a manifest\n";
      return Promise.resolve();
    },
    async other(listed, location) {
      if (listed.kind === "noManifest") unadopted = toAdopt(unadopted, listed, location);
      if (heading !== "") await write(heading);
      heading = "";
      const { size, modified } = listed.object;
      const note = listed.kind === "noManifest" && listed.unreadableManifest ? ", its manifest cannot be read" : "";
      await write(`  ${shown(location)} (${megabytes(size)}, ${modified.toISOString()}${note})\n`);
    },
    end(kind) {
      if (kind === "noManifest" && unadopted !== undefined) errors.write(`${adoptHint(unadopted)}\n`);
      return Promise.resolve();
    },
    fail: () => Promise.resolve(false),
  };
}

/** One document, written in parts. */
export function jsonPrinter(output: Output): Printer {
  const write = writer(output);
  let before = "\n";
  const item = async (value: object): Promise<void> => {
    await write(before + jsonText(value).trimEnd().replaceAll(/^/gm, "    "));
    before = ",\n";
  };
  const open = async (name: string): Promise<void> => {
    before = "\n";
    await write(`  ${JSON.stringify(name)}: [`);
  };
  const close = (rest: string): Promise<void> => write(`${before === "\n" ? "" : "\n  "}]${rest}`);
  let begun: Promise<void> | undefined;
  const begin = (): Promise<void> => (begun ??= write("{\n").then(() => open("archives")));
  return {
    async archive({ listed, location, retention }) {
      await begin();
      const { restorable, writtenAt, ...facts } = listedArchiveData(listed, location);
      await item({ ...facts, restorable: restorable ?? null, retention: retention ?? null, writtenAt });
    },
    async endOfArchives({ all }) {
      await begin();
      await close(all ? ",\n" : "\n}\n");
    },
    begin: (kind) => open(kind === "orphan" ? "orphanedManifests" : "others"),
    async other(listed, location) {
      const { size, modified } = listed.object;
      const unreadable = listed.kind === "noManifest" ? { unreadableManifest: listed.unreadableManifest } : {};
      await item({ location, size, modified: modified.toISOString(), ...unreadable });
    },
    end: (kind) => close(kind === "orphan" ? ",\n" : "\n}\n"),
    async fail(error) {
      if (begun === undefined) return false;
      const text = jsonText(errorData(error)).trimEnd().replaceAll(/\n/g, "\n  ");
      await close(`,\n  "error": ${text}\n}\n`);
      return true;
    },
  };
}
