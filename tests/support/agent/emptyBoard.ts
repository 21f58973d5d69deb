/** The agent's endpoints, without destinations: what they serve does not depend on any. */

import { Board } from "../../../agent/board";
import { type EndpointOptions, serveEndpoints } from "../../../agent/http/server";

/** @param options - what differs from a healthy agent at the beginning of time that takes no snapshot */
export function serveEmptyBoard(options: Partial<EndpointOptions> = {}): ReturnType<typeof serveEndpoints> {
  const now = new Date(0);
  return serveEndpoints({
    address: { kind: "port", host: "127.0.0.1", port: 0 },
    board: new Board([], now),
    now: () => now,
    health: () => Promise.resolve({ ok: true, reasons: [] }),
    snapshot: () => false,
    ...options,
  });
}
