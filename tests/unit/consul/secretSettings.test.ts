import { expect } from "chai";
import { CONNECTION } from "../../../provider/args/tables/connection";
import type { Row } from "../../../provider/args/tables/row";
import { checkConnection } from "../../../provider/consul/connection";
import { cleanText } from "../../../provider/text";

type Texts = Readonly<Record<string, string>>;

describe("the secret settings of a connection", () => {
  const check = (args: object, config: Texts = {}, env: Texts = {}) =>
    checkConnection(args, { config: (key) => config[key], env });

  const names = Object.entries<Row>(CONNECTION).flatMap(([name, { secret }]) => (secret === true ? [name] : []));
  for (const name of names) {
    it(`${name}: no message shows it`, () => {
      const value = `masked-${name}-4711`;
      check({ [name]: name === "headers" ? [{ name: "X-Key", value }] : value });
      expect(cleanText(`it answered ${value}`)).to.not.include("4711");
    });
  }

  it("are those of each place", () => {
    check({}, { "consul:keyPem": "masked-configured-4712" }, { CONSUL_HTTP_AUTH: "user:masked-variable-4713" });
    expect(cleanText("masked-configured-4712 masked-variable-4713")).to.not.match(/471[23]/);
  });

  it("include the key in a bundle, but not its certificate, which is public", () => {
    const certificate = "-----BEGIN CERTIFICATE-----\nMIIpublic4714\n-----END CERTIFICATE-----\n";
    check({ certPem: `${certificate}-----BEGIN PRIVATE KEY-----\nMIIprivate4715\n-----END PRIVATE KEY-----\n` });
    expect(cleanText("MIIpublic4714 MIIprivate4715")).to.include("MIIpublic4714").and.to.not.include("4715");
  });
});
