/**
 * What the processes of one run tell each other about archives that must stay. If a resource moves to another provider, or the
 * version of the plugin changes, one process saves the new snapshot, and another deletes the old archive (Pulumi 3.259), which
 * sees neither `check` nor `diff`. Each process keeps its notes in a small file without secrets, and removes it when it ends:
 * Pulumi ends each run by sending SIGINT to its providers.
 *
 * A note can only keep an archive: one that somebody else has written deletes nothing.
 */

import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { providerEndingSignals } from "../../endingSignals";
import { Fields, textOf } from "../../fields";
import { systemCode } from "../../systemCode";

const LARGEST_BYTES = 1024 * 1024;
/** The note of a reason that holds for every archive. */
const EVERY = "";

/** Why archives must stay, as clauses: by the location of the archive, or for all of them. */
export interface Notes {
  readonly archives: ReadonlyMap<string, string>;
  readonly every?: string;
}

export class RunNotes {
  readonly #prefix: string;
  readonly #own: string;

  /**
   * @param run - identifies the run, on this machine
   * @param pid - of this process
   */
  constructor(
    run: string,
    private readonly folder: string = tmpdir(),
    pid: number = process.pid,
  ) {
    this.#prefix = `.consul-snapshot-run-${createHash("sha256").update(run).digest("hex").slice(0, 16)}-`;
    this.#own = `${this.#prefix}${pid}.json`;
  }

  /** Replaces the notes of this process. A failure is ignored: one process usually serves the whole run. */
  write({ archives, every }: Notes): void {
    const notes = Object.fromEntries([...archives, ...(every === undefined ? [] : [[EVERY, every] as const])]);
    if (Object.keys(notes).length === 0) {
      this.remove();
      return;
    }
    const path = join(this.folder, this.#own);
    try {
      writeFileSync(`${path}.new`, JSON.stringify({ notes }), { flag: "wx", mode: 0o600 });
      renameSync(`${path}.new`, path);
      removeAtEnd(this);
    } catch {
      removeIfPossible(`${path}.new`);
    }
  }

  /** Removes the notes of this process. */
  remove(): void {
    if (written.delete(this)) removeIfPossible(join(this.folder, this.#own));
  }

  /** Why another process of the run says that an archive must stay. */
  reasonToStay(location: string): string | undefined {
    for (const name of this.#others()) {
      const notes = this.#read(name);
      const reason = notes[location] ?? notes[EVERY];
      if (reason !== undefined) return reason;
    }
    return undefined;
  }

  #others(): readonly string[] {
    try {
      const names = readdirSync(this.folder).filter((name) => name.startsWith(this.#prefix) && name !== this.#own);
      return names.filter((name) => isRunning(Number(/-(\d+)\.json$/.exec(name)?.[1])));
    } catch {
      return [];
    }
  }

  #read(name: string): Readonly<Record<string, string>> {
    const path = join(this.folder, name);
    try {
      const found = lstatSync(path);
      const isOurs = process.getuid === undefined || found.uid === process.getuid();
      if (!found.isFile() || !isOurs || found.size > LARGEST_BYTES) return {};
      return Fields.parse(readFileSync(path))?.entries("notes", textOf) ?? {};
    } catch {
      return {};
    }
  }
}

/** What this process has written. */
const written = new Set<RunNotes>();
let isEndHandled = false;

function removeAtEnd(notes: RunNotes): void {
  written.add(notes);
  if (isEndHandled) return;
  isEndHandled = true;
  process.on("exit", removeWritten);
  for (const signal of providerEndingSignals()) process.on(signal, endBy);
}

function removeWritten(): void {
  for (const notes of written) notes.remove();
}

function endBy(signal: NodeJS.Signals): void {
  // Work that is under way has a handler, too, which exits when the work has ended.
  if (process.listenerCount(signal) > 1) return;
  removeWritten();
  process.off(signal, endBy);
  process.kill(process.pid, signal);
}

/** Others may have put something else there. */
function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {}
}

/** A killed process leaves its notes, and a later run may have the same port. */
function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}
