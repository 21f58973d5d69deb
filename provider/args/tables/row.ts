/**
 * The form of an argument table: one row for each argument, as plain data. What checks, reads, marks as secret, compares or
 * documents arguments follows the rows; `kinds.ts` holds the functions of each kind.
 */

/** What an argument's value can be. */
export type Kind =
  | { readonly type: "string" }
  | { readonly type: "boolean" }
  /** A positive integer. `most`: a larger one is refused. */
  | { readonly type: "integer"; readonly most?: number }
  /** A string such as "20h"; read as milliseconds. `positive`: zero is refused. */
  | { readonly type: "duration"; readonly positive?: true }
  /** A duration, or a number of seconds: more than zero, at most 7 days; read as milliseconds. */
  | { readonly type: "timeout" }
  /** A string such as "2026-11-24T00:00:00Z". */
  | { readonly type: "time" }
  | { readonly type: "choice"; readonly choices: readonly string[] }
  /** The names of guards that can be overridden: `restore/guards.ts` has them. */
  | { readonly type: "guard" }
  /** The path or URL of one archive; in a program also the resource that saved it. */
  | { readonly type: "archive" }
  /** Any value that Pulumi can store. */
  | { readonly type: "any" }
  /** `nonEmpty`: a list without an item is refused. */
  | { readonly type: "list"; readonly of: Kind; readonly nonEmpty?: true }
  /** `orFalse`: `false` stands for none. */
  | { readonly type: "object"; readonly noun: NestedNoun; readonly orFalse?: true };

/** The tables that are the value of an argument. */
export type NestedNoun =
  | "connection"
  | "header"
  | "retention"
  | "encryption"
  | "decryption"
  | "inspect"
  | "safetySnapshot";

/** A variable of the environment that stands for an argument, after the argument and stack configuration. */
export interface Environment {
  readonly variable: string;
  /** For a variable that is true or false: the argument's value for each of them. Default: the variable's own text. */
  readonly values?: { readonly true?: string | boolean; readonly false?: boolean };
}

/** One argument. */
export interface Row {
  readonly kind: Kind;
  /** What must be written, to follow "must be". Default: that of the kind. */
  readonly form?: string;
  readonly required?: true;
  /** The value that stands for one that is left out. */
  readonly default?: string | number | boolean;
  /** What happens without it, where that is no value; a few words of Markdown. Default: "none". */
  readonly without?: string;
  /** For a setting of `connection`: whether stack configuration can set it, by its name. Default: true. */
  readonly configuration?: false;
  readonly environment?: Environment;
  /** The option of `consul-snapshot` that stands for it. */
  readonly option?: string;
  /** Whether state encrypts it, and no message shows it. */
  readonly secret?: true;
  /** For what is no secret, but may hold one by mistake: no message shows it. */
  readonly mayHoldSecret?: true;
  /**
   * What a change does to a resource that exists: `replace` takes a new snapshot or restores again, `record` is stored in
   * state, `none` is not even compared. The comparison itself can be finer: see each resource's `diff.ts`. Of a setting of
   * `connection`: what it does to a snapshot. Default: that of the argument which contains it.
   */
  readonly effect?: "none" | "record" | "replace";
  /** For what needs a state to compare with: `snapshotBefore` does not have it. */
  readonly stateful?: true;
  /** For what the plugin does in another way: it does not have it. */
  readonly dynamicOnly?: true;
  /** For the schema, where the plugin differs from `documentation`. */
  readonly pluginDocumentation?: string;
  /** For the SDK's doc comments, the reference and the schema: Markdown without links, one sentence or a few. */
  readonly documentation: string;
  /** A link for the reference alone, from `docs/reference/`. */
  readonly page?: string;
}

export type Table = Readonly<Record<string, Row>>;

/** What a program may write for a kind. */
export type Written<K extends Kind> = K extends { type: "boolean" }
  ? boolean
  : K extends { type: "integer" }
    ? number
    : K extends { type: "timeout" }
      ? string | number
      : K extends { type: "choice"; choices: readonly (infer Choice)[] }
        ? Choice
        : K extends { type: "list"; of: { type: "object"; noun: "header" } }
          ? readonly { readonly name: string; readonly value: string }[]
          : K extends { type: "list"; of: { type: "string" | "guard" } }
            ? readonly string[]
            : K extends { type: "object" | "any" | "list" }
              ? unknown
              : string;

/** What reading a kind returns: as it is written, but times as numbers of milliseconds. */
export type Read<K extends Kind> = K extends { type: "duration" | "timeout" } ? number : Written<K>;

/** What reading a table returns: each value that was specified, else the default. */
export type ReadRows<T extends Table> = {
  readonly [Name in keyof T]: Read<T[Name]["kind"]> | (T[Name] extends { default: unknown } ? never : undefined);
};
