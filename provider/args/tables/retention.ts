/** Which older archives to keep. */

import type { Row, Table } from "./row";

const RULE = { kind: { type: "integer" }, without: "no such rule" } as const satisfies Partial<Row>;

/** The rules, in the order in which messages and commands have them. */
export const RETENTION = {
  keepLast: { ...RULE, option: "--keep-last", documentation: "The newest so many." },
  keepWithin: {
    kind: { type: "duration", positive: true },
    form: 'a duration such as "48h" or "14d"',
    without: "no such rule",
    option: "--keep-within",
    documentation: 'All that are younger than the newest by less than this, such as `"48h"`.',
  },
  keepHourly: {
    ...RULE,
    option: "--keep-hourly",
    documentation: "The newest of each of the last so many hours that have an archive.",
  },
  keepDaily: {
    ...RULE,
    option: "--keep-daily",
    documentation: "The newest of each of the last so many days that have an archive.",
  },
  keepWeekly: {
    ...RULE,
    option: "--keep-weekly",
    documentation: "The newest of each of the last so many weeks (ISO 8601) that have an archive.",
  },
  keepMonthly: {
    ...RULE,
    option: "--keep-monthly",
    documentation: "The newest of each of the last so many months that have an archive.",
  },
  keepYearly: {
    ...RULE,
    option: "--keep-yearly",
    documentation: "The newest of each of the last so many years that have an archive.",
  },
} as const satisfies Table;
