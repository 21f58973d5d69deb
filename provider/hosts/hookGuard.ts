/**
 * Stopping a hook's save in good order. It runs in the program's own process, which lives on when `pulumi` is killed, and
 * which Ctrl-C in a terminal reaches at once.
 */

/** The connection to the engine, as gRPC shows it. */
export interface EngineChannel {
  getConnectivityState(connect: boolean): number;
  watchConnectivityState(from: number, deadline: number, changed: () => void): void;
}

/** gRPC's number for a connection that is there. */
const READY = 2;

const ENDINGS = ["SIGINT", "SIGTERM"] as const;

/** Does work that is told to stop when the engine is gone or this process is to end, and lets it clean up before. */
export async function whileWanted<T>(
  engine: EngineChannel | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let ending: NodeJS.Signals | undefined;
  const end = (signal: NodeJS.Signals): void => {
    ending = signal;
    controller.abort();
  };
  for (const signal of ENDINGS) process.on(signal, end);
  onceGone(engine, () => controller.abort());
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of ENDINGS) process.off(signal, end);
    // What would have ended the process without us ends it now. A program that listens, too, decides for itself.
    if (ending !== undefined && process.listenerCount(ending) === 0) process.kill(process.pid, ending);
  }
}

/** While a hook runs, the call that registers its resource is open: only an end of the engine ends the connection. */
function onceGone(engine: EngineChannel | undefined, gone: () => void): void {
  if (engine?.getConnectivityState(false) !== READY) return;
  engine.watchConnectivityState(READY, Number.POSITIVE_INFINITY, gone);
}
