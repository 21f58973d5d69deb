/** An option of a command, as data: parsing, --help, errors and the reference page come from it. */

import { optionFlag } from "../../provider/optionFlag";

export interface Option {
  /** Placeholder of the value, such as `FILE`. Default: the option is a switch. */
  readonly value?: string;
  /** What it does, in one sentence without its full stop. */
  readonly doc: string;
  /** The only values. */
  readonly choices?: readonly string[];
  readonly default?: string;
  readonly required?: true;
  /** Whether it may be repeated: its value is then a list. */
  readonly list?: true;
  /** The environment variable that applies if the option is omitted. */
  readonly environment?: string;
  /** The argument of a program that it stands for, such as `connection.address`. */
  readonly argument?: string;
}

/** By the name under which the code reads it: `safetySnapshot` is `--safety-snapshot`. */
export type OptionTable = Readonly<Record<string, Option>>;

type ValueOf<O extends Option> = O extends { list: true }
  ? readonly string[]
  : O extends { value: string }
    ? string
    : boolean;

type Present = { readonly required: true } | { readonly default: string };

/** The parsed values of a table; an option without a default may be absent. */
export type OptionValues<T extends OptionTable> = {
  readonly [K in keyof T as T[K] extends Present ? K : never]: ValueOf<T[K]>;
} & {
  readonly [K in keyof T as T[K] extends Present ? never : K]?: ValueOf<T[K]>;
};

/** As it is typed: `--safety-snapshot TARGET`. */
export function optionSynopsis(name: string, { value, choices }: Option): string {
  return value === undefined ? optionFlag(name) : `${optionFlag(name)} ${choices?.join("|") ?? value}`;
}
