import { getDefaultAutoSelectFamilyAttemptTimeout, setDefaultAutoSelectFamilyAttemptTimeout } from "node:net";
import { expect } from "chai";
import { openStore } from "../../../provider/store/backends";
import { ADDRESS_MS } from "../../../provider/store/cloudSdks";
import { parseLocation } from "../../../provider/store/location";

const TARGETS = [
  "s3://bucket/?region=eu-west-1&anonymous=true",
  "gs://bucket/?anonymous=true",
  "azblob://container/?storage_account=account&anonymous=true",
];

describe("the time that each address of a bucket's host has to answer", () => {
  const former = getDefaultAutoSelectFamilyAttemptTimeout();
  afterEach(() => setDefaultAutoSelectFamilyAttemptTimeout(former));

  for (const target of TARGETS) {
    const openAfter = async (milliseconds: number): Promise<number> => {
      setDefaultAutoSelectFamilyAttemptTimeout(milliseconds);
      (await openStore(parseLocation(target))).close();
      return getDefaultAutoSelectFamilyAttemptTimeout();
    };

    it(`is raised before a connection is made, and never lowered: ${target}`, async () => {
      expect(await openAfter(250)).to.equal(ADDRESS_MS);
      expect(await openAfter(10 * ADDRESS_MS)).to.equal(10 * ADDRESS_MS);
    });
  }
});
