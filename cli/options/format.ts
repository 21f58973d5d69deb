/** How a command prints its result. */

import type { OptionTable } from "../description/option";

export const formatOptions = {
  format: {
    value: "FORMAT",
    choices: ["pretty", "json"],
    default: "pretty",
    doc: "how to print the result",
  },
} as const satisfies OptionTable;
