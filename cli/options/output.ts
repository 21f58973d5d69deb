/** A file in place of standard output, for what is read out of an archive. */

import type { OptionTable } from "../description/option";

export const outputOptions = {
  output: { value: "FILE", doc: "write to this new file, which appears only once it is complete" },
} as const satisfies OptionTable;
