import { effort } from "../../support/effort";
import { STORES } from "../../support/stores/stores";
import { versitygw } from "../../support/stores/s3";
import { lives } from "./lives";

for (const kind of effort.choose([versitygw], STORES)) {
  for (const encrypted of effort.choose([false], [false, true])) lives(kind, encrypted);
}
