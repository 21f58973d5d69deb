/** Which archives of a place to list. */

import type { Table } from "./row";

/** The most archives that one answer contains: a program keeps them in memory, and so does the engine. */
const MOST_LISTED = 1000;

export const PLACE = {
  target: {
    kind: { type: "string" },
    form: "a path such as ./backups/, or a URL",
    required: true,
    documentation:
      "The place: a folder, a prefix, or the target that the snapshots have; a path is relative to the program's folder.",
  },
  series: {
    kind: { type: "string" },
    without: "all series",
    documentation: "Only archives of this series.",
  },
} as const satisfies Table;

export const LISTING = {
  ...PLACE,
  limit: {
    kind: { type: "integer", most: MOST_LISTED },
    default: 100,
    documentation: `Return at most so many archives, the newest; at most ${MOST_LISTED}.`,
  },
} as const satisfies Table;
