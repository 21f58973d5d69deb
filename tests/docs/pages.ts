import type { Page } from "./page";
import { reviewing } from "./reviewing";

/** Every page that shows what commands print. */
export const PAGES: readonly Page[] = [reviewing];
