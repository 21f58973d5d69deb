/**
 * Stops a hook's save when the run ends. It runs in the program's own process, which keeps running when `pulumi` is killed,
 * and which Ctrl-C in a terminal reaches directly.
 */

import { ENDING_SIGNALS, isStopping } from "../../endingSignals";

/** The gRPC channel to the engine. */
export interface EngineChannel {
  getConnectivityState(connect: boolean): number;
  watchConnectivityState(from: number, deadline: number, changed: () => void): void;
}

/** gRPC's number of the state "ready". */
const READY = 2;

/** How many hooks of this process run: each of them listens once to each signal. */
let running = 0;

/** Runs work that is aborted when the engine is gone or a signal ends this process, and waits for its cleanup. */
export async function runWhileConnected<T>(
  engine: EngineChannel | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let ending: NodeJS.Signals | undefined;
  const end = (signal: NodeJS.Signals): void => {
    // The program listens itself, for example to write a heap snapshot at SIGUSR2.
    if (!isStopping(signal) && process.listenerCount(signal) > running) return;
    ending = signal;
    controller.abort();
  };
  running++;
  for (const signal of ENDING_SIGNALS) process.on(signal, end);
  whenDisconnected(engine, () => controller.abort());
  try {
    return await work(controller.signal);
  } finally {
    running--;
    for (const signal of ENDING_SIGNALS) process.off(signal, end);
    // Ends the process as the signal would have done without our handler. If the program has a handler, too, the
    // program decides.
    if (ending !== undefined && process.listenerCount(ending) === 0) process.kill(process.pid, ending);
  }
}

/**
 * While a hook runs, the call that registers its resource is open, so the connection closes only if the engine ends.
 */
function whenDisconnected(engine: EngineChannel | undefined, gone: () => void): void {
  if (engine?.getConnectivityState(false) !== READY) return;
  engine.watchConnectivityState(READY, Number.POSITIVE_INFINITY, gone);
}
