/** The newest archives at a place. Memory grows with the limit, not with the number of archives. */

import { readRows } from "../args/kinds";
import { LISTING } from "../args/tables/listing";
import type { ListedArchive } from "../catalog/list";
import { listedArchiveData } from "../catalog/listedArchiveData";
import { isNewer } from "../catalog/newest";
import { checkPlace, visitArchivesAt } from "./archivesAt";
import { Selection } from "./selection";
import type { Work } from "./work";

export const listArchives: Work = {
  check: (inputs) => Promise.resolve(checkPlace(inputs)),
  async run(inputs, { signal }) {
    const newest = new Selection<Located>(readRows(LISTING, inputs).limit, (one, other) =>
      isNewer(one.listed, other.listed) ? -1 : 1,
    );
    let total = 0;
    const others = await visitArchivesAt(inputs, signal, (listed, location) => {
      total++;
      newest.add({ listed, location });
      return true;
    });
    return { archives: newest.sorted().map((each) => listedArchiveData(each.listed, each.location)), total, ...others };
  },
};

interface Located {
  readonly listed: ListedArchive;
  readonly location: string;
}
