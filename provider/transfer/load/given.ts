/** What a user gives for a restore, in a program or in a command: whether it can be meant. */

import { nearest } from "../../nearest";
import { ALLOWANCES, type Allowance } from "./request";

export function isAllowance(name: unknown): name is Allowance {
  return ALLOWANCES.some((known) => known === name);
}

/** Why a name is none of a guard that may be overridden, in one sentence; nothing where it is one. */
export function whyNotAllowance(name: string): string | undefined {
  if (isAllowance(name)) return undefined;
  const near = nearest(name, ALLOWANCES);
  return `"${name}" is nothing to allow: ${near === undefined ? `known are ${ALLOWANCES.join(", ")}` : `did you mean ${near}?`}`;
}

/** Whether a text can be an ACL token: anything that a header can hold. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
