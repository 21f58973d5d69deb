/** How an archive is found where a folder or a prefix is named. */

import type { OptionTable } from "../description/option";

export const sourceOptions = {
  latest: { doc: "SOURCE is a folder or a prefix: use its newest restorable archive" },
  series: {
    value: "SERIES",
    doc: "with --latest, the newest of this series, where the place has archives of several",
    argument: "series",
  },
} as const satisfies OptionTable;
