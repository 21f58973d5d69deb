/** The SDK's outputs, as the tables of outputs define them: `npm run docs` writes them. */

import {
  OUTPUT_OBJECTS,
  type OutputKind,
  type OutputNoun,
  type OutputTable,
  RESTORE_OUTPUTS,
  SNAPSHOT_OUTPUTS,
} from "../../provider/args/tables/outputs";
import { comment, replace } from "./argumentTypes";

/** The classes of the resources, with the outputs of each. */
export const CLASSES: readonly { readonly name: string; readonly file: string; readonly outputs: OutputTable }[] = [
  { name: "ConsulSnapshot", file: "sdk/consulSnapshot.ts", outputs: SNAPSHOT_OUTPUTS },
  { name: "ConsulSnapshotRestore", file: "sdk/consulSnapshotRestore.ts", outputs: RESTORE_OUTPUTS },
];

/** The SDK's type of each object among outputs; those without one are written where they are used. */
export const OUTPUT_INTERFACES: Readonly<Partial<Record<OutputNoun, string>>> = {
  server: "ConsulServer",
  records: "ConsulRecords",
  restorable: "ConsulRestorable",
  keys: "ConsulKeys",
  difference: "ConsulDifference",
};

/**
 * The file of a class, with its properties and its list of outputs as the table has them.
 *
 * @throws Error when the class or the list is missing
 */
export function renewClass(source: string, name: string, outputs: OutputTable): string {
  const properties = Object.entries(outputs).map(([output, { kind, optional, documentation }]) => {
    const type = `${outputTypeOf(kind)}${optional === true ? " | undefined" : ""}`;
    return `${comment(documentation)}\n  declare readonly ${output}: pulumi.Output<${type}>;`;
  });
  const members = new RegExp(
    `(\\nexport class ${name} extends pulumi\\.dynamic\\.Resource \\{\\n)[^]*?(?=\\n\\n {2}/\\*\\*)`,
  );
  const list = Object.keys(outputs).map((output) => `  ${output}: undefined,\n`);
  const withMembers = replace(source, members, properties.join("\n"));
  return replace(withMembers, /(\nconst OUTPUTS = \{\n)[^]*?(?=\};\n)/, list.join(""));
}

/**
 * The file of types, with the members of the objects among outputs as the tables have them.
 *
 * @throws Error when an interface is missing
 */
export function renewOutputInterfaces(source: string): string {
  return Object.entries(OUTPUT_INTERFACES).reduce((text, [noun, name]) => {
    const { fields }: { readonly fields: OutputTable } = OUTPUT_OBJECTS[noun as OutputNoun];
    const members = Object.entries(fields).map(
      ([field, { kind, optional, documentation }]) =>
        `${comment(documentation)}\n  readonly ${field}${optional === true ? "?" : ""}: ${outputTypeOf(kind)};\n`,
    );
    return replace(text, new RegExp(`(\\nexport interface ${name} \\{\\n)[^]*?(?=\\}\\n)`), members.join(""));
  }, source);
}

/** The type that a program reads. */
export function outputTypeOf(kind: OutputKind): string {
  switch (kind.type) {
    case "number":
    case "integer":
      return "number";
    case "choice":
      return kind.choices.map((choice) => JSON.stringify(choice)).join(" | ");
    case "strings":
      return "string[]";
    case "any":
      return "unknown";
    case "list":
      return `${typeOfObject(kind.of)}[]`;
    case "object":
      return typeOfObject(kind.of);
    case "string":
    case "boolean":
      return kind.type;
  }
}

function typeOfObject(noun: OutputNoun): string {
  const { fields }: { readonly fields: OutputTable } = OUTPUT_OBJECTS[noun];
  const members = Object.entries(fields).map(([name, { kind, optional }]) => {
    return `readonly ${name}${optional === true ? "?" : ""}: ${outputTypeOf(kind)}`;
  });
  return OUTPUT_INTERFACES[noun] ?? `{ ${members.join("; ")} }`;
}
