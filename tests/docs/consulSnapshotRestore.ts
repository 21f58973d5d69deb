/** The scenes of docs/reference/consul-snapshot-restore.md: examples/restore, from its first preview to a run that is over. */

import { PulumiProject } from "../support/pulumi/project";
import { type Ground, withArchive } from "./ground";
import type { Page } from "./page";
import { restoreTranscripts } from "./restoreTranscript";

export const consulSnapshotRestore: Page = {
  file: "docs/reference/consul-snapshot-restore.md",
  play: () => withArchive({}, scenes),
};

async function scenes({ consul, folder, archive }: Ground): Promise<Map<string, string>> {
  const config = {
    "consul:address": consul.address,
    "restore:runId": "2026-11-01 rollback",
    "restore:validUntil": new Date(Date.now() + 3_600_000).toISOString(),
    "restore:source": archive.location,
  };
  const project = await PulumiProject.copy("examples/restore", "restore", { config });
  try {
    const clean = restoreTranscripts(project.dir, { hosts: { "10.0.0.1": consul }, archive });
    const show = async (line: string): Promise<string> => {
      const { code, text } = await project.run(line.split(" "));
      if (code !== 0) throw new Error(`pulumi ${line} ended with ${code}: ${text}`);
      return clean(`$ pulumi ${line}\n${inOrder(withoutOutputs(text))}`.replaceAll(folder, "/srv"));
    };
    const shown = new Map<string, string>();
    shown.set("preview", await show("preview"));
    shown.set("up", await show("up --yes --skip-preview"));
    // State is lost: the receipt is still there.
    await project.run(["state", "delete", "--all", "--yes", "--force"]);
    shown.set("lost-state", await show("up --yes --skip-preview"));
    await project.run(["config", "set", "source", "./another.snap"]);
    shown.set("source", await show("preview"));
    return shown;
  } finally {
    await project.remove();
  }
}

/** Outputs are told of beside the scenes. */
function withoutOutputs(text: string): string {
  return text.replace(/^Outputs:\n(?:.+\n)+\n?/m, "");
}

/** Messages that come at the same time come in any order. */
function inOrder(text: string): string {
  return text.replaceAll(/(?:^ {4}\S.*\n)+/gm, (lines) => `${lines.trimEnd().split("\n").sort().join("\n")}\n`);
}
