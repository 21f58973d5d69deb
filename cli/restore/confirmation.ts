/** The question that a person answers before a restore. */

import { createInterface } from "node:readline/promises";
import type { Readable } from "node:stream";
import { SnapshotError } from "../../provider/errors";
import { NothingRestored } from "../../provider/restore/guards";
import type { Preparation } from "../../provider/restore/prepare";
import { datacenterName, isDatacenterName } from "./datacenterName";
import { type CleanLines, composed } from "../../provider/text";
import { shown } from "../terminal/rows";
import type { Output } from "../terminal/output";

type Cluster = Pick<Preparation["cluster"], "address" | "datacenter">;

export interface Questioning {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly errors: Output;
  readonly signal: AbortSignal;
}

/** Whether a person can answer. */
export function isTerminal({ input }: Pick<Questioning, "input">): boolean {
  return input.isTTY === true;
}

export function withoutTerminal(): SnapshotError {
  return new SnapshotError(
    "ARGUMENT_INVALID",
    "a person must type the datacenter's name, and there is no terminal",
    "Use --yes to restore without the question, or --plan to only see what would happen.",
  );
}

/**
 * Refuses names that Consul does not allow: they may look like that of another datacenter, or change what the terminal shows.
 *
 * @throws NothingRestored `RESTORE_REFUSED`
 */
export function requireDatacenterName({ address, datacenter }: Cluster): void {
  if (datacenter === undefined || isDatacenterName(datacenter)) return;
  throw new NothingRestored(
    "RESTORE_REFUSED",
    `the server at ${address} calls its datacenter ${datacenterName(datacenter)}, which Consul does not accept as a name`,
    "Check the address: a name of Consul has only letters, digits, - and _. Use the address of a Consul server.",
  );
}

/** @throws NothingRestored unless a person types the name of the datacenter; SnapshotError `INTERRUPTED` */
export async function confirm({ address, datacenter }: Cluster, questioning: Questioning): Promise<void> {
  const [what, name] =
    datacenter === undefined ? ["the cluster's address", address] : ["the name of the datacenter", datacenter];
  const typed = await answer(composed`\nType ${shown(what)} whose state will be replaced: `, questioning);
  if (typed.trim() === name) return;
  throw new NothingRestored("RESTORE_REFUSED", `that is not ${name}`, "To restore, run it again and type the name.");
}

/** Reads the line that a person types; returns an empty one if the input ends. */
async function answer(question: CleanLines, { input, errors, signal }: Questioning): Promise<string> {
  const lines = createInterface({ input, terminal: false });
  const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
  try {
    signal.throwIfAborted();
    const typed = lines.question("", { signal });
    errors.write(question);
    return await Promise.race([typed, ended]);
  } catch (error) {
    throw new SnapshotError("INTERRUPTED", "interrupted", "Run it again.", error);
  } finally {
    lines.close();
  }
}
