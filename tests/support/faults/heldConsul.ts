/** A Consul that stops in the middle of a save, for tests that end one there. */

import type { ServerResponse } from "node:http";
import { fillKv, startConsul } from "../consul/consul";
import { type LyingConsul, lyingConsul } from "./lyingConsul";

export interface HeldConsul extends LyingConsul {
  /** Sends the rest of what is held. */
  release(): void;
}

/** The bytes of a snapshot that a real Consul took. */
export async function realArchive(): Promise<Buffer> {
  const real = await startConsul();
  await fillKv(real, { keys: 500, bytes: 2000 });
  const archive = Buffer.from(await (await real.fetch("/v1/snapshot")).arrayBuffer());
  await real.stop();
  return archive;
}

/** The first save gets half of the archive and is held there; the ones after it get all of it. */
export async function heldConsul(archive: Buffer): Promise<HeldConsul> {
  const half = archive.length / 2;
  let held: ServerResponse | undefined;
  const consul = await lyingConsul((response, headers) => {
    response.writeHead(200, headers);
    if (held !== undefined) response.end(archive);
    else {
      held = response;
      response.write(archive.subarray(0, half));
    }
  });
  return { ...consul, release: () => void held?.end(archive.subarray(half)) };
}
