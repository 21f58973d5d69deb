import { expect } from "chai";
import { effort } from "../support/effort";
import { compare } from "./differential";
import { startSeeds } from "./seeds";

/** As many as take less than a minute, or five with `--full`; `npm run fuzz` compares as many as it is told. */
const MUTANTS = effort.choose(300, 2000);

describe("archives made wrong by chance", function () {
  this.timeout(1_200_000);

  // The same for the same code; `npm run fuzz` takes another one each time.
  const seed = 20261124;

  it(`are valid, decodable and printed alike by the real inspect and by ours (seed ${seed})`, async () => {
    const { differences, limits, mutants } = await compare({ seed, mutants: MUTANTS, seeds: await startSeeds() });
    expect(differences).to.deep.equal([]);
    expect(mutants).to.equal(MUTANTS);
    // Else the comparison would say nothing.
    expect(limits.length).to.be.below(MUTANTS / 10);
  });
});
