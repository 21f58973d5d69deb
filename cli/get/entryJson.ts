/** A key as `get --format json` prints it: every byte of its value, and every digit of its flags. */

import type { KeyValue } from "../../provider/contents/keys";
import { exactJson } from "../../provider/contents/exactJson";

export function entryJson(entry: KeyValue): string {
  const { value, session, namespace, partition } = entry;
  const text = value.toString("utf8");
  const isText = Buffer.from(text, "utf8").equals(value);
  const document = {
    key: entry.key.toString("utf8"),
    found: true,
    value: isText ? text : { base64: value.toString("base64") },
    flags: BigInt(entry.flags),
    createIndex: BigInt(entry.createIndex),
    modifyIndex: BigInt(entry.modifyIndex),
    lockIndex: BigInt(entry.lockIndex),
    ...(session === "" ? {} : { session }),
    ...(namespace === "" ? {} : { namespace }),
    ...(partition === "" ? {} : { partition }),
  };
  return `${exactJson(document, "", "  ")}\n`;
}
