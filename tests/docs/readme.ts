/** The scenes of README.md: a program's first snapshot, its next, one that fails; and a restore by hand. */

import { PulumiProject } from "../support/pulumi/project";
import { withArchive } from "./ground";
import type { Page } from "./page";
import { restoreTranscripts } from "./restoreTranscript";
import { shellIn } from "./shell";
import { transcripts } from "./transcript";

const PROGRAM = `import { ConsulSnapshot } from "pulumi-consul-snapshot";

const backup = new ConsulSnapshot("pre-upgrade", { target: "./backups/", triggers: ["1.18.0"] });
export const index = backup.index;
export const location = backup.location;
`;

export const readme: Page = {
  file: "README.md",
  play: () =>
    withArchive({}, async ({ consul, folder, archive }) => {
      const shell = await shellIn(folder, { CONSUL_HTTP_ADDR: consul.address });
      const source = archive.location.replace(folder, ".");
      const line = `npx --no consul-snapshot restore ${source} --safety-snapshot ./before/ --yes`;
      const clean = restoreTranscripts(folder, { hosts: { "10.0.0.1": consul }, archive });
      return new Map([["restore", clean(await shell.type(line))], ...(await programScenes(consul.address))]);
    }),
};

async function programScenes(address: string): Promise<Map<string, string>> {
  const project = await PulumiProject.create(asScript(PROGRAM), { config: { "consul:address": address } });
  try {
    const clean = transcripts(project.dir);
    const show = async (line: string): Promise<string> => {
      const { text } = await project.run(line.split(" "));
      return clean(`$ pulumi ${line}\n${text}`).replaceAll(/(?<=^ +index +: )\d+$/gm, "1020");
    };
    const shown = new Map([["program", PROGRAM]]);
    shown.set("up", await show("up --yes --skip-preview"));
    await project.program(asScript(PROGRAM.replace("1.18.0", "1.18.1")));
    shown.set("trigger", only(/^(\$| \+-).*\n/gm, await show("preview")));
    await project.run(["config", "set", "consul:scheme", "https"]);
    shown.set("failure", only(/^ {4}error: .*\(CONSUL_TLS\)\n.*\n/gm, await show("up --yes --skip-preview")));
    return shown;
  } finally {
    await project.remove();
  }
}

/** What the page has room for; pages of their own show the whole. */
function only(lines: RegExp, text: string): string {
  return (text.match(lines) ?? []).join("").replaceAll(/^ {4}/gm, "");
}

/** A program as this project's tests run it: without a compiler, and with the package at hand. */
function asScript(program: string): string {
  return program.replace(/^import .*\n/, "").replaceAll(/^export const (\w+) =/gm, "exports.$1 =");
}
