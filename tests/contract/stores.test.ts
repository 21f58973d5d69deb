import { STORES } from "../support/stores";
import { failing } from "./failing";
import { Ground, LONG } from "./ground";
import { killing } from "./killing";
import { killingSaves } from "./killingSaves";
import { memory } from "./memory";
import { reading } from "./reading";
import { rights } from "./rights";
import { writing } from "./writing";

for (const kind of STORES) {
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
    killingSaves(ground);
    memory(ground);
  });
}
