/** What a person sees while a snapshot is taken: the server's silence in seconds, then bytes and rate. */

const EVERY_MS = 1000;

export interface Progress {
  received(bytes: number): void;
  /** The last word: how much was saved, and how long it took. */
  saved(): void;
  stop(): void;
}

/** @param status - shows a line in place of the one before */
export function startProgress(status: (message: string) => void): Progress {
  const started = Date.now();
  let firstByteAt: number | undefined;
  let total = 0;
  const timer = setInterval(() => {
    const now = Date.now();
    status(
      firstByteAt === undefined
        ? `waiting for Consul to write its snapshot: ${Math.round((now - started) / 1000)} s`
        : `${megabytes(total)} received, ${megabytes((total * 1000) / Math.max(1, now - firstByteAt))}/s`,
    );
  }, EVERY_MS);
  timer.unref();
  return {
    received(bytes) {
      firstByteAt ??= Date.now();
      total += bytes;
    },
    saved() {
      clearInterval(timer);
      status(`${megabytes(total)} verified and saved in ${seconds(Date.now() - started)}`);
    },
    stop: () => clearInterval(timer),
  };
}

/** Shows at most one line a second of those that it is given; each is made only to be shown. */
export function sparing(status: (message: string) => void): (message: () => string) => void {
  let next = 0;
  return (message) => {
    const now = Date.now();
    if (now < next) return;
    next = now + EVERY_MS;
    status(message());
  };
}

export function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

/** Decimal megabytes, as disks and networks are sold. */
export function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
