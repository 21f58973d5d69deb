/**
 * What one run knows of replacements. Pulumi's calls carry no history, but the calls of one run usually go to one process:
 * `check` and then `diff` are called for a resource before it is replaced. Two cases differ (Pulumi 3.259):
 * - A replacement that the operator or a trigger of Pulumi asks for (`--replace`, `taint`) comes without `diff`.
 * - Where a resource depends on one that Pulumi deletes first, `diff` comes alone, with unknown values in place of those that
 *   it takes from there; and then its deletion.
 * For one that is destroyed or was removed from the program `check` is never called, but a refresh may call `diff`, with the
 * arguments that state has.
 */

import type { Values } from "../../lifecycle";
import { holdsUnknown } from "../../values";

type Progress = "checked" | "compared" | "saved";

interface Compared {
  /** The resource, the same one under its new name. */
  readonly resource: string;
  /** What state holds of it. */
  readonly recorded: Values;
}

export class Replacements {
  /** By the location of the archive that state knows. */
  readonly #compared = new Map<string, Compared>();

  #hasFailed = false;

  /** By resource: why its new snapshot does not take the place of the one before. */
  readonly #held = new Map<string, string>();

  /** By resource: the last step that was seen. */
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
   * @returns what state holds of the one that it replaces; `undefined` where it replaces none
   */
  save(resource: string): Values | undefined {
    this.#progress.set(resource, "saved");
    return [...this.#compared.values()].find((each) => each.resource === resource)?.recorded;
  }

  /** A snapshot of this run has failed. */
  fail(): void {
    this.#hasFailed = true;
  }

  /** The snapshot that was saved for the resource does not take the place of the one before: why not, as a clause. */
  hold(resource: string, reason: string): void {
    this.#held.set(resource, reason);
  }

  /**
   * Why the archive of a resource that is deleted must stay, as a clause; `undefined` where it need not.
   *
   * With `--continue-on-error` Pulumi deletes resources that were removed from the program although others have failed, also
   * one whose successor under another name is the one that failed.
   */
  reasonToStay(resource: string, location: string): string | undefined {
    if (this.isUnsaved(resource, location)) return "Pulumi deletes this resource before the new snapshot is saved";
    if (this.#hasFailed) return "a snapshot of this run has failed";
    return this.#held.get(this.#compared.get(location)?.resource ?? resource);
  }

  /**
   * Whether the archive is to be replaced in this run, and its replacement is not saved. A resource that was compared with
   * another archive has that one in state: this one was replaced in an earlier run.
   *
   * @param resource - under the name that state has
   */
  isUnsaved(resource: string, location: string): boolean {
    const compared = this.#compared.get(location);
    if (compared !== undefined) return this.#progress.get(compared.resource) !== "saved";
    return this.#progress.get(resource) === "checked";
  }
}
