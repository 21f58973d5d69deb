/** Whether outputs have the form that their table promises to programs in every language. */

import {
  OUTPUT_OBJECTS,
  type OutputKind,
  type OutputObject,
  type OutputTable,
} from "../../../provider/args/tables/outputs";

/** The paths at which an object differs from its table: no such output, a required one is missing, or another type. */
export function misfits(table: OutputTable, outputs: unknown, path = ""): string[] {
  if (typeof outputs !== "object" || outputs === null || Array.isArray(outputs)) return [path];
  const values = new Map(Object.entries(outputs));
  return [
    ...[...values.keys()].filter((name) => !Object.hasOwn(table, name)).map((name) => `${path}.${name}`),
    ...Object.entries(table).flatMap(([name, { kind, optional }]) => {
      const value: unknown = values.get(name);
      if (value === undefined) return optional === true ? [] : [`${path}.${name}`];
      return misfit(kind, value, `${path}.${name}`);
    }),
  ];
}

function misfit(kind: OutputKind, value: unknown, path: string): string[] {
  const unless = (isRight: boolean): string[] => (isRight ? [] : [path]);
  switch (kind.type) {
    case "string":
    case "boolean":
    case "number":
      return unless(typeof value === kind.type);
    case "integer":
      return unless(Number.isInteger(value));
    case "choice":
      return unless(kind.choices.some((choice) => choice === value));
    case "any":
      return [];
    case "strings":
      return unless(Array.isArray(value) && value.every((item) => typeof item === "string"));
    case "list":
      return Array.isArray(value)
        ? value.flatMap((item: unknown, at) => misfits(fieldsOf(OUTPUT_OBJECTS[kind.of]), item, `${path}[${at}]`))
        : [path];
    case "object":
      return misfits(fieldsOf(OUTPUT_OBJECTS[kind.of]), value, path);
  }
}

function fieldsOf({ fields }: OutputObject): OutputTable {
  return fields;
}
