/** The scenes of docs/how-to/review-a-preview.md: a backup before each upgrade, as a reviewer and a pipeline see it. */

import { appendFile, rm } from "node:fs/promises";
import { laterIn } from "../support/programs/clock";
import { startConsul } from "../support/consul/consul";
import { PulumiProject } from "../support/pulumi/project";
import type { Page } from "./page";
import { transcripts } from "./transcript";

const PROGRAM = `const config = new pulumi.Config();
const backup = new ConsulSnapshot("pre-upgrade", {
  target: config.get("target") ?? "./backups/",
  triggers: [config.get("consulVersion") ?? "1.18.0"],
  maxAge: "20h",
  deletionPolicy: config.get<"retain" | "delete">("deletionPolicy"),
});`;

const SECRET = PROGRAM.replace(/config\.get\("consulVersion"\).*(?=])/, 'config.requireSecret("databasePassword")');

export const reviewing: Page = {
  file: "docs/how-to/review-a-preview.md",
  async play() {
    const consul = await startConsul();
    const project = await PulumiProject.create(asScript(PROGRAM), { config: { "consul:address": consul.address } });
    try {
      return await scenes(project);
    } finally {
      await Promise.all([project.remove(), consul.stop()]);
    }
  },
};

async function scenes(project: PulumiProject): Promise<Map<string, string>> {
  const shown = new Map([["program", PROGRAM]]);
  const clean = transcripts(project.dir);
  const later = await laterIn(project);

  /** Runs `pulumi` and gives what a page shows of it. */
  async function pulumi(command: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    const { code, text } = await project.run(command.split(" "), env);
    if (code !== 0) throw new Error(`pulumi ${command} ended with ${code}: ${text}`);
    return text;
  }
  async function show(name: string, ...commands: readonly string[]): Promise<void> {
    const printed: string[] = [];
    for (const command of commands) printed.push(`$ pulumi ${command}\n${await pulumi(command)}`);
    shown.set(name, clean(printed.join("\n\n")));
  }
  const up = "up --yes --skip-preview";
  const location = async (): Promise<string> => String((await project.outputs()).location);

  await show("first", "preview");
  await pulumi(up);
  await show("unchanged", "preview", up);

  await show("trigger", "config set consulVersion 1.18.1", "preview");
  shown.set("diff", clean(`$ pulumi preview --diff\n${withoutOutputs(await pulumi("preview --diff"))}`));
  shown.set("json", clean(`$ pulumi preview --json\n${excerpt(await pulumi("preview --json"))}`));
  await show("replaced", up);

  await show("target", "config set target ./elsewhere/", "preview");
  await pulumi("config rm target");

  shown.set("age", clean(`$ pulumi preview    # 26 hours later\n${await pulumi("preview", later(26))}`));

  await show("recorded", "config set deletionPolicy delete", "preview");
  await pulumi(up);
  await show("delete", "config set consulVersion 1.19.0", "preview", up);
  await pulumi("config rm deletionPolicy");
  await pulumi(up);

  await appendFile(await location(), "x");
  await show("changed", "refresh --yes --skip-preview", "preview");
  await pulumi(up);

  await rm(await location());
  await show("gone", "refresh --yes --skip-preview", "preview");
  await pulumi(up);

  await pulumi("config set --secret databasePassword first-one");
  await project.program(asScript(SECRET));
  await pulumi(up);
  await pulumi("config set --secret databasePassword second-one");
  shown.set("secret", clean(`$ pulumi preview --diff\n${withoutOutputs(await pulumi("preview --diff"))}`));

  await show("destroy", "destroy --yes --skip-preview");
  return shown;
}

/** The page shows TypeScript; the project runs without a compiler. */
function asScript(program: string): string {
  return program.replace(/get<[^>]+>/, "get");
}

/** `--diff` prints every output of the old snapshot as a removed line: dots stand for them. */
function withoutOutputs(diff: string): string {
  const [, head, body, tail] = /^([^]*\n {8}\[urn=.*\n)([^]*)(\nResources:[^]*)$/.exec(diff) ?? [];
  const [triggers] = /^ {6}[ ~] triggers +: (\[\n[^]*?^ {8}]$|.*$)/m.exec(body ?? "") ?? [];
  if (head === undefined || tail === undefined || triggers === undefined) throw new Error(`not a diff: ${diff}`);
  return `${head}      …\n${triggers}\n      …${tail}`;
}

/** Of the JSON, what a pipeline decides by. */
function excerpt(json: string): string {
  const { steps, diagnostics, changeSummary } = JSON.parse(json) as {
    steps: { op: string; urn: string; replaceReasons?: string[] }[];
    diagnostics: { urn?: string; severity: string; message: string }[];
    changeSummary: object;
  };
  const ours = (urn?: string) => urn?.includes("consul:ConsulSnapshot") === true;
  return JSON.stringify(
    {
      steps: steps
        .filter(({ urn }) => ours(urn))
        .map(({ op, urn, replaceReasons }) => ({
          op,
          urn,
          ...(replaceReasons === undefined ? {} : { replaceReasons }),
        })),
      diagnostics: diagnostics.filter(({ urn }) => ours(urn)).map(({ severity, message }) => ({ severity, message })),
      changeSummary,
    },
    null,
    2,
  );
}
