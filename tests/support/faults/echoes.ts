/** Secrets of a process, and texts that repeat each of them in each spelling. */

import { createHash } from "node:crypto";
import { SPELLINGS } from "./spellings";

const PASSWORD = `pw&<9>"%+/x7Kq2Lm`;
const [AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN] = ["wJalrXUtnFEMI/K7MDENG+bPxRfiCY", "FwoGZXIvYXdzEBYaDK7+/5c0nE=="];
const [AZURE_STORAGE_KEY, GOOGLE_OAUTH_ACCESS_TOKEN] = [
  createHash("sha512").update("an account").digest("base64"),
  "ya29.a0AfH6SMBx_4f3e2d1c-Qe7",
];

/** What a program gives to its connection. */
export const CREDENTIALS = {
  token: "b1946ac9-2492-4d23-8f37-00ad5e1c6d4a",
  httpAuth: `backup:${PASSWORD}`,
  route: "route-Zk81+/vN3q==",
};

/** What its environment holds for stores. */
export const STORE_ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
  AWS_SECRET_ACCESS_KEY,
  AWS_SESSION_TOKEN,
  AWS_CONFIG_FILE: "/dev/null",
  AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  AWS_EC2_METADATA_DISABLED: "true",
  AZURE_STORAGE_ACCOUNT: "account",
  AZURE_STORAGE_KEY,
  GOOGLE_OAUTH_ACCESS_TOKEN,
};

/** All that must be shown nowhere. */
export const ECHOED: Readonly<Record<string, string>> = {
  token: CREDENTIALS.token,
  password: PASSWORD,
  Authorization: Buffer.from(CREDENTIALS.httpAuth).toString("base64"),
  route: CREDENTIALS.route,
  AWS_SECRET_ACCESS_KEY,
  AWS_SESSION_TOKEN,
  AZURE_STORAGE_KEY,
  GOOGLE_OAUTH_ACCESS_TOKEN,
};

const SPELLED = Object.values(SPELLINGS);
const SECRETS = Object.values(ECHOED);

/** How many numbers there are, so that each way of a server comes with each spelling. */
export function echoCount(ways: number): number {
  return ways * SPELLED.length;
}

/** The number under which a way comes with the spelling that is its turn. */
export function echoNumber(way: number, ways: number): number {
  return ((way * 7) % SPELLED.length) * ways + way;
}

/** The echo of each number. The secrets take turns. */
export function echoesOf(ways: number): (number: number) => string {
  return (number) => {
    const turn = Math.floor(number / ways);
    return SPELLED[turn % SPELLED.length]?.(SECRETS[(turn + number) % SECRETS.length] ?? "") ?? "";
  };
}
