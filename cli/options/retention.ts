/** The options that specify which archives of a series to keep, as the argument `retention` does in a program. */

import type { RETENTION_KEYS } from "../../provider/args/retention";
import type { OptionTable } from "../description/option";

export const retentionOptions = {
  keepLast: { value: "N", doc: "keep the N newest", argument: "retention.keepLast" },
  keepWithin: {
    value: "DURATION",
    doc: "keep what is younger than the newest by less than this, such as 14d",
    argument: "retention.keepWithin",
  },
  keepHourly: {
    value: "N",
    doc: "keep the newest of each of the last N hours that have one",
    argument: "retention.keepHourly",
  },
  keepDaily: { value: "N", doc: "the same for days", argument: "retention.keepDaily" },
  keepWeekly: { value: "N", doc: "the same for ISO weeks", argument: "retention.keepWeekly" },
  keepMonthly: { value: "N", doc: "the same for months", argument: "retention.keepMonthly" },
  keepYearly: { value: "N", doc: "the same for years", argument: "retention.keepYearly" },
} as const satisfies OptionTable & Readonly<Record<(typeof RETENTION_KEYS)[number], unknown>>;
