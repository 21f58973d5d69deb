import { readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { inspect } from "../../../cli/inspect/inspect";
import { restorableOn } from "../../../provider/archive/restorable";
import { consulArchive } from "../../fixtures/consulArchives";
import { readArchive } from "../../fixtures/reading";

const FOLDER = path.resolve(__dirname, "../../fixtures/consul-archives");
const VERSIONS = ["1.12.9", "1.13.9", "1.14.11", "1.16.6", "1.22.0"];

describe("archives of real servers from 1.13 to 1.22", () => {
  /** Whether real servers of these versions survived a restore; `?` was not tried. */
  const survivals: Readonly<Record<string, string>> = {
    "consul-1.13.9-filled": "yyyyy",
    "consul-1.14.11-filled": "nyyyy",
    "consul-1.14.11-with-jwt-provider": "nnnyy",
    "consul-1.16.6-filled": "nnnyy",
    "consul-1.22.0-filled": "nnnny",
    "consul-1.22.0-v2-resources": "??nyy",
  };
  for (const [name, survival] of Object.entries(survivals)) {
    it(`are restorable exactly where a server survives: ${name}`, async () => {
      const report = await readArchive(consulArchive(name));
      for (const [at, version] of VERSIONS.entries()) {
        const expected = survival[at];
        if (expected === "?") continue;
        expect(restorableOn(report, version)?.restorable, version).to.equal(expected === "y");
      }
    });
  }

  const kvdetails = { kvdetails: true, kvdepth: "2", kvfilter: "" };
  for (const name of Object.keys(survivals).filter((name) => !name.includes("jwt"))) {
    it(`are printed as by the inspect of their version: ${name}`, async () => {
      const expected = (form: string): string => readFileSync(path.join(FOLDER, `${name}.inspect.${form}`), "utf8");
      const file = path.join(FOLDER, `${name}.snap`);
      const pretty = await inspect(file, { ...kvdetails, kvdetails: false, format: "pretty" });
      expect(pretty.toString()).to.equal(expected("txt"));
      if (name.includes("v2")) return;
      expect((await inspect(file, { ...kvdetails, format: "json" })).toString()).to.equal(expected("json"));
    });
  }
});
