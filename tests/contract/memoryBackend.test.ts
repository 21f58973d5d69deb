import { Ground, LONG } from "../support/stores/ground";
import { memory } from "../support/stores/memory";
import { failing } from "./failing";
import { reading } from "./reading";
import { writing } from "./writing";

/** A backend that is one folder and one line passes the same suite. */
describe(memory.name, function () {
  this.timeout(LONG);
  const ground = new Ground(memory);
  before(() => ground.start());
  after(() => ground.stop());

  writing(ground);
  reading(ground);
  failing(ground);
});
