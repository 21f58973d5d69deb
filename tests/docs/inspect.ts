/** The scenes of docs/reference/command.md: one archive, made by code so that each of its numbers is the same in every run. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { archiveOf } from "../fixtures/archive";
import { keyValue, type StateRecord, stateOf } from "../fixtures/state";
import { temporaryFolder } from "../support/programs/saving";
import type { Page } from "./page";
import { type Shell, shellIn } from "./shell";

const SYSTEM_METADATA = 31;

export const inspect: Page = {
  file: "docs/reference/command.md",
  async play() {
    const folder = await temporaryFolder();
    try {
      const archive = archiveOf(stateOf(records()));
      await writeFile(join(folder.path, "consul-dc1.snap"), archive);
      await writeFile(join(folder.path, "cut.snap"), archive.subarray(0, 300));
      return await scenes(await shellIn(folder.path, {}));
    } finally {
      await folder.remove();
    }
  },
};

async function scenes(shell: Shell): Promise<Map<string, string>> {
  const valid = await shell.type("consul-snapshot verify consul-dc1.snap cut.snap", 1);
  const older = await shell.type("consul-snapshot verify --consul-version 1.8.7 consul-dc1.snap", 1);
  return new Map([
    ["inspect", await shell.type("consul-snapshot inspect --kvdetails consul-dc1.snap")],
    ["verify", `${valid}\n${older}`],
  ]);
}

function records(): StateRecord[] {
  const keys = ["app/api/replicas", "app/web/replicas", "app/web/version", "feature/new-ui/enabled"];
  const known = { "intention-format": "config-entry", "virtual-ips": "true", "virtual-ips-term-gateway": "true" };
  const metadata = Object.entries(known).map(([name, value]) => ({
    type: SYSTEM_METADATA,
    value: { Key: name, Value: value, CreateIndex: 5, ModifyIndex: 5 },
  }));
  return [...metadata, ...keys.map((key) => keyValue(key, "1"))];
}
