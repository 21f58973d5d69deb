/** The valid archives that mutants are made of: of real servers, and small ones, where a change hits more. */

import { archiveOf } from "../fixtures/archive";
import { type Seed, seedOf } from "../fixtures/mutants";
import { keyValue, stateOf } from "../fixtures/state";
import { CONSUL_NAMES } from "../support/consul/consul";
import { snapshot, startFull } from "./everything";

export async function startSeeds(): Promise<Seed[]> {
  const seeds = [
    archiveOf(
      stateOf([keyValue("app/a", "1"), keyValue("app/b", Buffer.concat([Buffer.from("x"), Buffer.alloc(100)]))]),
    ),
    archiveOf(
      stateOf([keyValue("app/config/a", "1"), { type: 65, value: "of Enterprise" }, { type: 42, value: "newer" }]),
    ),
  ];
  for (const binary of CONSUL_NAMES) {
    const { server, stop } = await startFull(binary);
    try {
      seeds.push(await snapshot(server));
    } finally {
      await stop();
    }
  }
  return seeds.map(seedOf);
}
