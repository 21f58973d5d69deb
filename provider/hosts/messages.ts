/** Sends the messages of a call in order, so that the last one stays on the row. */

import type { WorkEvent } from "../events";
import { paced } from "../progressInterval";
import { describeEvent } from "../progressWording";
import { type CleanLines, cleanMessage } from "../text";

export type Severity = "info" | "warning";

export interface Message {
  readonly severity: Severity;
  /** Shown as live progress: it replaces the previous message and is not kept. */
  readonly ephemeral: boolean;
  readonly message: CleanLines;
}

export interface Messages {
  readonly status: (event: WorkEvent) => void;
  readonly info: (message: CleanLines) => void;
  readonly warn: (message: CleanLines) => void;
}

/**
 * The pause before the same phase is shown again, in milliseconds; it doubles each time. On a terminal the engine
 * replaces the line, elsewhere each line stays, and a provider cannot detect which applies.
 */
const SHOWN_AGAIN_MS = 1000;

/**
 * Runs work that sends messages, and waits until all of them have arrived, because this process ends after the last
 * call of a run.
 *
 * @param send - resolves when a message has arrived or cannot arrive
 * @param prefix - the beginning of each message
 */
export async function withMessages<T>(
  send: (message: Message) => Promise<void>,
  prefix: string,
  work: (messages: Messages) => T | Promise<T>,
): Promise<T> {
  let sent = Promise.resolve();
  const say = (severity: Severity, ephemeral: boolean) => (message: CleanLines) => {
    const whole = { severity, ephemeral, message: cleanMessage(prefix + message) };
    sent = sent.then(() => send(whole));
  };
  try {
    return await work({
      status: paced((event) => say("info", true)(describeEvent(event)), SHOWN_AGAIN_MS),
      info: say("info", false),
      warn: say("warning", false),
    });
  } finally {
    await sent;
  }
}
