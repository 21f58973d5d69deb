/**
 * What one run knows about replacements. Pulumi's calls contain no history, but the calls of one run usually go to one process.
 * `check` and then `diff` are called for a resource before it is replaced, with two exceptions (Pulumi 3.259):
 * - For a replacement that the operator or a trigger of Pulumi requests (`--replace`, `taint`), `diff` is not called.
 * - For a resource that depends on one that Pulumi deletes first, only `diff` is called, with unknown values in place of those
 *   from the other resource, and then the deletion.
 * For a resource that is destroyed or was removed from the program, `check` is never called, but a refresh may call `diff` with
 * the arguments in state.
 */

import type { Values } from "../../lifecycle";
import { holdsUnknown } from "../../values";
import type { Notes } from "./runNotes";

const FAILED = "a snapshot of this run has failed";

type Progress = "checked" | "compared" | "saved";

interface Compared {
  /** The resource, the same one under its new name. */
  readonly resource: string;
  /** The outputs in state. */
  readonly recorded: Values;
}

export class Replacements {
  /** By the location of the archive in state. */
  readonly #compared = new Map<string, Compared>();

  #hasFailed = false;

  /** By resource: why its new snapshot does not replace the previous one. */
  readonly #held = new Map<string, string>();

  /** By resource: the last observed step. */
  readonly #progress = new Map<string, Progress>();

  /** `check` was called. */
  check(resource: string): void {
    if (!this.#progress.has(resource)) this.#progress.set(resource, "checked");
  }

  /**
   * `diff` was called.
   *
   * @returns whether it may be the beginning of a replacement, rather than a part of a refresh
   */
  compare(resource: string, location: string, recorded: Values, inputs: Values): boolean {
    const isPlanned = this.#progress.has(resource) || holdsUnknown(inputs);
    if (isPlanned) {
      this.#compared.set(location, { resource, recorded });
      this.#progress.set(resource, "compared");
    }
    return isPlanned;
  }

  /**
   * A snapshot was saved for the resource.
   *
   * @returns the outputs of the snapshot that it replaces; `undefined` if it replaces none
   */
  save(resource: string): Values | undefined {
    this.#progress.set(resource, "saved");
    return [...this.#compared.values()].find((each) => each.resource === resource)?.recorded;
  }

  /** A snapshot of this run has failed. */
  fail(): void {
    this.#hasFailed = true;
  }

  /** Notes that the resource's new snapshot does not replace the previous one. @param reason - why not, as a clause */
  hold(resource: string, reason: string): void {
    this.#held.set(resource, reason);
  }

  /** Why the archives in state that are to be deleted must stay as yet, for the other processes of the run. */
  notes(): Notes {
    const archives = new Map<string, string>();
    for (const [location, { resource, recorded }] of this.#compared) {
      const reason = recorded.deletionPolicy === "delete" ? this.reasonToStay(resource, location) : undefined;
      if (reason !== undefined) archives.set(location, reason);
    }
    return { archives, ...(this.#hasFailed ? { every: FAILED } : {}) };
  }

  /**
   * Why the archive of a deleted resource must not be deleted, as a clause; `undefined` if it can be.
   *
   * With `--continue-on-error`, Pulumi deletes resources that were removed from the program even if others have failed. The failed
   * one may be the successor of a deleted one under another name.
   */
  reasonToStay(resource: string, location: string): string | undefined {
    if (this.isUnsaved(resource, location)) return "Pulumi deletes this resource before the new snapshot is saved";
    if (this.#hasFailed) return FAILED;
    return this.#held.get(this.#compared.get(location)?.resource ?? resource);
  }

  /**
   * Whether this run should replace the archive but has not saved the replacement. If the resource was compared with another
   * archive, that one is in state, and this one was replaced in an earlier run.
   *
   * @param resource - the resource, by its name in state
   */
  isUnsaved(resource: string, location: string): boolean {
    const compared = this.#compared.get(location);
    if (compared !== undefined) return this.#progress.get(compared.resource) !== "saved";
    return this.#progress.get(resource) === "checked";
  }
}
