/**
 * Connects to a host by TCP. The addresses of a host are tried as in RFC 8305 ("Happy Eyeballs"): each attempt starts a
 * moment after the previous one, and the first connection wins. Node.js 20's own `autoSelectFamily` is not used: it
 * abandons every address but the last after 250 ms, which is too short for a distant site.
 */

import { lookup, type LookupAddress } from "node:dns";
import { connect, isIP, type Socket } from "node:net";
import { systemCode } from "../systemCode";

/** Delay before the next address is tried, in milliseconds: RFC 8305, section 5. */
const NEXT_AFTER_MS = 250;

/** Keeps idle connections open through NATs and firewalls while the server compresses. */
const KEEP_ALIVE_MS = 30_000;

/** An attempted address, for the error message. */
export interface Attempt {
  readonly address: string;
  /** The error code of the failure; absent while the address has not responded. */
  failure?: string;
}

/** A failure to connect: nothing of a request was sent. */
export class ConnectError extends Error {
  override readonly name = "ConnectError";
  /** A code of the system or OpenSSL, or `CONNECT_TIMEOUT`. */
  readonly code: string;

  constructor(
    cause: unknown,
    /** The addresses of the host, if it was resolved. */
    readonly tried: readonly Attempt[] = [],
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.code = systemCode(cause);
  }
}

/** The error if there was no connection within the limit. */
export function connectTimeout(): Error {
  return Object.assign(new Error("no connection within the limit"), { code: "CONNECT_TIMEOUT" });
}

/**
 * @param tried - each address is added when it is tried
 * @param signal - aborts all attempts; the promise then rejects with its reason
 * @returns the first socket that is connected
 * @throws the error of the first address, once all addresses have failed; the error of the lookup
 */
export async function dial(host: string, port: number, tried: Attempt[], signal: AbortSignal): Promise<Socket> {
  const addresses = await resolveAll(host, signal);
  return new Promise((resolve, reject) => {
    const open = new Set<Socket>();
    let firstError: Error | undefined;
    let next: NodeJS.Timeout | undefined;
    const finish = (winner?: Socket): void => {
      clearTimeout(next);
      signal.removeEventListener("abort", abort);
      for (const socket of open) if (socket !== winner) socket.destroy();
    };
    const abort = (): void => {
      finish();
      reject(signal.reason as Error);
    };
    const attempt = (): void => {
      clearTimeout(next);
      const address = addresses.shift();
      if (address === undefined) return;
      const entry: Attempt = { address };
      tried.push(entry);
      const socket = connect({
        host: address,
        port,
        keepAlive: true,
        keepAliveInitialDelay: KEEP_ALIVE_MS,
        noDelay: true,
      });
      open.add(socket);
      const fail = (error: Error & { code?: string }): void => {
        open.delete(socket);
        firstError ??= error;
        entry.failure = error.code ?? error.message;
        if (addresses.length > 0) attempt();
        else if (open.size === 0) {
          finish();
          reject(firstError);
        }
      };
      socket.once("error", fail);
      socket.once("connect", () => {
        socket.off("error", fail);
        finish(socket);
        resolve(socket);
      });
      if (addresses.length > 0) next = setTimeout(attempt, NEXT_AFTER_MS);
    };
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener("abort", abort, { once: true });
    attempt();
  });
}

/** All addresses of a host in the order of the system's resolver, alternating between the families. */
function resolveAll(host: string, signal: AbortSignal): Promise<string[]> {
  const literal = host.replace(/^\[|\]$/g, "");
  if (isIP(literal) !== 0) return Promise.resolve([literal]);
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener("abort", abort, { once: true });
    lookup(host, { all: true, verbatim: true }, (error, found) => {
      signal.removeEventListener("abort", abort);
      if (error === null) resolve(interleaveFamilies(found));
      else reject(error);
    });
  });
}

function interleaveFamilies(found: readonly LookupAddress[]): string[] {
  const first = found.filter(({ family }) => family === found[0]?.family);
  const second = found.filter(({ family }) => family !== found[0]?.family);
  return first
    .flatMap((one, at) => [one, ...second.slice(at, at + 1)])
    .concat(second.slice(first.length))
    .map(({ address }) => address);
}
