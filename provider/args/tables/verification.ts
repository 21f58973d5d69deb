/** What else to verify of an archive. */

import type { Row } from "./row";

export const CONSUL_VERSION = {
  kind: { type: "string" },
  form: 'a version of Consul, such as "1.13.9"',
  documentation: "Also judge whether this version of Consul can restore the archive, such as `1.13.9`.",
} as const satisfies Row;
