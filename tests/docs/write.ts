/**
 * `npm run docs` runs this when everything is built. It writes what the argument tables define (the SDK's types and outputs,
 * its list of secrets, the plugin's schema, tables of the reference, that of records), then plays the scenes of each page and
 * writes them; or only those specified: `arguments`, or pages.
 */

import { readFile, writeFile } from "node:fs/promises";
import { renewHookRow, renewTables } from "./argumentTables";
import { HOOK_FILE, renewHookArgs, renewSecrets, renewTypes, SECRETS_FILE, TYPES_FILE } from "./argumentTypes";
import { renewFunctionTables } from "./functionTables";
import { listPages } from "./markdown";
import { CLASSES, renewClass, renewOutputInterfaces } from "./outputTypes";
import { renew } from "./page";
import { PAGES } from "./pages";
import { SCHEMA_FILE, schemaText } from "./pluginSchema";
import { RECORDS_PAGE, renewRecordTable } from "./recordTable";

async function main(specified: readonly string[]): Promise<void> {
  const isWanted = (file: string): boolean => specified.length === 0 || specified.includes(file);
  if (isWanted("arguments")) await writeArguments();
  for (const { file, play } of PAGES) {
    if (!isWanted(file)) continue;
    const scenes = await play();
    await rewrite(file, (text) => renew(text, scenes));
  }
}

async function writeArguments(): Promise<void> {
  await rewrite(TYPES_FILE, (text) => renewOutputInterfaces(renewTypes(text)));
  for (const { file, name, outputs } of CLASSES) await rewrite(file, (text) => renewClass(text, name, outputs));
  await rewrite(SECRETS_FILE, renewSecrets);
  await rewrite(HOOK_FILE, renewHookArgs);
  await rewrite(SCHEMA_FILE, schemaText);
  await rewrite(RECORDS_PAGE, renewRecordTable);
  for (const page of listPages().filter((file) => /^docs\/(reference|registry)\//.test(file))) {
    await rewrite(page, (text) => renewFunctionTables(renewHookRow(renewTables(text))));
  }
}

async function rewrite(file: string, renewed: (text: string) => string): Promise<void> {
  const before = await readFile(file, "utf8");
  const after = renewed(before);
  if (after !== before) await writeFile(file, after);
  console.log(`${file}: ${after === before ? "unchanged" : "written"}`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
