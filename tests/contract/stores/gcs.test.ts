import { contract } from "../contract";
import { fakeGcs } from "../../support/stores/gcs";

contract(fakeGcs);
