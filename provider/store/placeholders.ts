/** The placeholders of a name template, as plain data: everything that reads, checks or documents a template follows these rows. */

/** One placeholder. */
interface PlaceholderRow {
  /** What stands in its place; docs/reference/targets.md has a row for each. */
  readonly meaning: string;
  /** Whether its value differs from one snapshot to the next. */
  readonly changes?: true;
  /** The characters of its value, as a regular expression. Default: any that are safe in a name. */
  readonly shape?: string;
}

/** `publish.ts` has the value of each; a placeholder without one does not compile. */
export const PLACEHOLDERS = {
  datacenter: { meaning: "the Consul datacenter" },
  index: { meaning: "the Raft index of the snapshot", changes: true, shape: "[0-9]+" },
  term: { meaning: "the Raft term of the snapshot", shape: "[0-9]+" },
  timestamp: {
    meaning: "when it was taken, in UTC, such as 20261123T150405Z",
    changes: true,
    shape: "[0-9]{8}T[0-9]{6}Z",
  },
  nanoseconds: {
    meaning: "when it was taken, in nanoseconds of Unix time, such as 1613079399661741730",
    changes: true,
    shape: "[0-9]{19}",
  },
  consulVersion: { meaning: "the version of the Consul server" },
  project: { meaning: "the Pulumi project" },
  stack: { meaning: "the Pulumi stack" },
  name: { meaning: "the name of the resource" },
  random: { meaning: "four random hexadecimal digits", changes: true, shape: "[0-9a-f]+" },
} as const satisfies Readonly<Record<string, PlaceholderRow>>;

export type Placeholder = keyof typeof PLACEHOLDERS;

/** The name for a target that ends in `/`. */
export const DEFAULT_NAME = "consul-{datacenter}-{timestamp}-{index}-{random}.snap";

/** The row of a placeholder; `undefined` for any other name. */
export function placeholderRow(name: string): PlaceholderRow | undefined {
  return Object.hasOwn(PLACEHOLDERS, name) ? PLACEHOLDERS[name as Placeholder] : undefined;
}
