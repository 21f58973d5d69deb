import { versitygw } from "../../support/stores/s3";
import { PLUGIN_HOST } from "./hosts";
import { lives } from "./lives";

lives(versitygw, false, PLUGIN_HOST);
