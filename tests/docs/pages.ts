import type { Page } from "./page";
import { consulSnapshotRestore } from "./consulSnapshotRestore";
import { inspect } from "./inspect";
import { readme } from "./readme";
import { restoreRunbook } from "./restoreRunbook";
import { reviewing } from "./reviewing";

/** Every page that shows what commands print. */
export const PAGES: readonly Page[] = [readme, inspect, reviewing, consulSnapshotRestore, restoreRunbook];
