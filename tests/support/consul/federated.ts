import { type ConsulServer, until } from "./consul";

/** A leader writes the federation state of its datacenter by itself, soon after its election: waits for so many. */
export async function federated(server: ConsulServer, count: number): Promise<void> {
  await until("federation states", async () => {
    const states = (await server.api("/v1/internal/federation-states")) as unknown[];
    return states.length === count ? true : undefined;
  });
}
