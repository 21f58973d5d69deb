import { Ground, LONG } from "../support/stores/ground";
import type { StoreKind } from "../support/stores/stores";
import { failing } from "./failing";
import { killing } from "./killing";
import { reading } from "./reading";
import { rights } from "./rights";
import { writing } from "./writing";

/** Everything that each store promises. */
export function contract(kind: StoreKind): void {
  describe(kind.name, function () {
    this.timeout(LONG);
    const ground = new Ground(kind);
    before(() => ground.start());
    after(() => ground.stop());

    writing(ground);
    reading(ground);
    failing(ground);
    rights(ground);
    killing(ground);
  });
}
