import { contract } from "../contract";
import { folder } from "../../support/stores/file";

contract(folder);
