import { contract } from "../contract";
import { azurite } from "../../support/stores/azure";

contract(azurite);
