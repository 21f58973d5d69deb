/**
 * The fields that are maps with keys that users choose. Go always writes all fields of a struct, so an empty field has no
 * meaning. An entry of a map is present or absent, so an empty entry has a meaning.
 */

import { STRUCTS } from "./structs";

const fields = Object.values(STRUCTS).flatMap((text) => text.split(" "));
const isOfStruct = (name: string): boolean =>
  fields.some((field) => field.startsWith(`${name}:`) && /^\w/.test(field.slice(name.length + 1)));

/** Whether all that is nested in the field is what users wrote, by the name of the field. Some structs have one of its name. */
export const MAP_FIELDS: ReadonlyMap<string, { readonly isDeep: boolean }> = new Map(
  fields.flatMap((field) => {
    const [name = "", kind = ""] = field.split(":");
    return kind.startsWith("{") && !isOfStruct(name) ? [[name, { isDeep: kind === "{any}" }]] : [];
  }),
);
