/** Executes the orders for a reader one after another, on its thread or, if no thread can start, on the calling one. */

import type { Reader } from "../reader";
import { type Answer, failureToSend, type Order, SLOT_BYTES } from "./messages";

/** @returns the function that takes each order */
export function orderReader(
  reader: Reader,
  memory: SharedArrayBuffer,
  send: (answer: Answer) => void,
): (order: Order) => void {
  let reading = Promise.resolve();
  reader.meta.then(
    (meta) => send({ kind: "meta", meta }),
    // Every later order fails for the same reason.
    () => undefined,
  );
  const carryOut = async (order: Order): Promise<void> => {
    if (order === "end") {
      send({ kind: "report", report: await reader.end() });
    } else if (order === "idle") {
      await reader.idle();
      send({ kind: "idle" });
    } else {
      await reader.write(Buffer.from(memory, order.slot * SLOT_BYTES, order.bytes));
      send({ kind: "free", slot: order.slot });
    }
  };
  return (order) => {
    reading = reading.then(() => carryOut(order));
    reading.catch((error: unknown) => send({ kind: "failure", failure: failureToSend(error) }));
  };
}
