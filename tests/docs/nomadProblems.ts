/** What Nomad would refuse of a job file: tools/nomad-jobspec reads it. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** @returns one line for each problem, with its place; empty if there is none */
export function listNomadProblems(job: string): string {
  const folder = mkdtempSync(join(tmpdir(), "nomad-"));
  try {
    const file = join(folder, "job.nomad.hcl");
    writeFileSync(file, job);
    const { stderr, status } = spawnSync(".tools/bin/nomad-jobspec", [file], { encoding: "utf8" });
    if ((status === 0) !== (stderr === "")) throw new Error(`nomad-jobspec ended with ${status}: ${stderr}`);
    return stderr;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
