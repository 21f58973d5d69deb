import { expect } from "chai";
import { openStore } from "../../../provider/store/backends";
import { parseLocation } from "../../../provider/store/location";
import { failureOf } from "../../support/stores/ground";

const TARGETS = { Google: "gs://bucket/x", Azure: "azblob://container/x?storage_account=account" };
const CREDENTIALS = { GOOGLE_OAUTH_ACCESS_TOKEN: "token-of-mine", AZURE_STORAGE_SAS_TOKEN: "sv=1&sig=signature" };
const NAMES = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"].flatMap((name) => [name, name.toLowerCase()]);

/** With the real libraries: without the check they throw errors of their own, or end the process. */
describe("a proxy of the environment that a store's library cannot use", () => {
  const environment = { ...process.env };
  const clear = (): void => {
    for (const name of [...NAMES, ...Object.keys(CREDENTIALS)]) Reflect.deleteProperty(process.env, name);
  };
  beforeEach(() => {
    clear();
    Object.assign(process.env, CREDENTIALS);
  });
  afterEach(() => {
    clear();
    Object.assign(process.env, environment);
  });

  for (const [cloud, target] of Object.entries(TARGETS)) {
    for (const [value, reason] of [
      ["10.0.0.1:3128", "HTTPS_PROXY has no scheme"],
      ["proxy.corp:3128", "HTTPS_PROXY has no scheme"],
      ["http://", "HTTPS_PROXY is not a URL"],
      ["http://user:100%geheim@proxy:3128", "HTTPS_PROXY has a % in its user or password that begins no escape"],
    ] as const) {
      it(`is refused when the store of ${cloud} is opened, without its value: ${value}`, async () => {
        process.env.HTTPS_PROXY = value;
        const error = await failureOf(openStore(parseLocation(target)));
        expect(error).to.include({ name: "SnapshotError", code: "TARGET_INVALID" });
        expect(error.message).to.include(`the proxy of the environment cannot be used: ${reason}`);
        expect(error.message).to.not.include("geheim");
        expect(error.hint).to.include("Write HTTPS_PROXY as http://host:port");
      });
    }

    it(`is refused without its scheme where NO_PROXY lists another host (${cloud})`, async () => {
      Object.assign(process.env, { HTTPS_PROXY: "proxy.corp:3128", NO_PROXY: "localhost,.example.com" });
      expect((await failureOf(openStore(parseLocation(target)))).code).to.equal("TARGET_INVALID");
    });

    it(`does not matter where another variable counts (${cloud})`, async () => {
      Object.assign(process.env, { HTTPS_PROXY: "http://127.0.0.1:9", ALL_PROXY: "127.0.0.1:9" });
      (await openStore(parseLocation(target))).close();
    });
  }

  it("does not matter without its scheme where NO_PROXY lists the store of Azure, whose library then does not use it", async () => {
    for (const exempt of ["account.blob.core.windows.net", "localhost, .blob.core.windows.net"]) {
      Object.assign(process.env, { HTTPS_PROXY: "proxy.corp:3128", NO_PROXY: exempt });
      (await openStore(parseLocation(TARGETS.Azure))).close();
      process.env.HTTPS_PROXY = "10.0.0.1:3128";
      expect((await failureOf(openStore(parseLocation(TARGETS.Azure)))).code, "no URL at all").to.equal(
        "TARGET_INVALID",
      );
    }
  });
});
