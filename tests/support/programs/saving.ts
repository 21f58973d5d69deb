/** Saves for tests, without a host: what was said is kept, and everything is as a user would find it. */

import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectionArgs, resolveConnection } from "../../../provider/consul/connection";
import { SnapshotError } from "../../../provider/errors";
import { parseLocation } from "../../../provider/store/location";
import { describeEvent } from "../../../provider/progressWording";
import { type SavedArchive, type SaveRequest, save } from "../../../provider/save/save";

export interface Said {
  readonly status: string[];
  readonly info: string[];
  readonly warn: string[];
}

export type Wishes = Partial<Omit<SaveRequest, "connection" | "target" | "owner">> & {
  readonly owner?: Partial<SaveRequest["owner"]>;
  readonly signal?: AbortSignal;
};

/** Saves to `target` and gives what was saved and said. */
export async function saveTo(
  target: string,
  connection: ConnectionArgs,
  { signal, owner, ...wishes }: Wishes = {},
): Promise<{ saved: SavedArchive; said: Said }> {
  const said: Said = { status: [], info: [], warn: [] };
  const saved = await save(
    {
      consistency: "consistent",
      overwrite: false,
      purpose: "backup",
      ...wishes,
      owner: { organization: "organization", project: "tests", stack: "dev", name: "backup", ...owner },
      connection: resolveConnection(connection, { config: () => undefined, env: {} }),
      target: parseLocation(target),
    },
    {
      signal: signal ?? new AbortController().signal,
      status: (event) => said.status.push(describeEvent(event)),
      info: (message) => said.info.push(message),
      warn: (message) => said.warn.push(message),
    },
  );
  return { saved, said };
}

/** The error of a save that must fail. */
export async function failureOf(saving: Promise<unknown>): Promise<SnapshotError> {
  try {
    await saving;
  } catch (error) {
    if (error instanceof SnapshotError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

export async function temporaryFolder(): Promise<{
  path: string;
  entries(): Promise<string[]>;
  remove(): Promise<void>;
}> {
  const path = await mkdtemp(join(tmpdir(), "consul-snapshot-test-"));
  return {
    path,
    entries: async () => (await readdir(path, { recursive: true })).sort(),
    remove: () => rm(path, { recursive: true, force: true }),
  };
}
