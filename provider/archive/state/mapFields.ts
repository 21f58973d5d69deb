/**
 * The fields that are maps, whose keys users choose. Go leaves out no field of a struct, whatever it holds; but an entry of a
 * map is there or is not, so an empty one says something.
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
