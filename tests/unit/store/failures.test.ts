import { expect } from "chai";
import type { Place } from "../../../provider/store/failures";
import { failureOf } from "../../../provider/store/s3client";

const PLACE: Place = { object: "s3://bucket/x", holder: "bucket s3://bucket", access: "Check the credentials." };

describe("a failure of S3", () => {
  // As the token service names them when it is asked for a role; the status is 400.
  for (const name of ["ExpiredTokenException", "InvalidIdentityTokenException", "ExpiredToken"]) {
    it(`is denied access when it is called ${name}`, () => {
      const error = Object.assign(new Error("geheim"), { name, $metadata: { httpStatusCode: 400 } });
      const told = failureOf(PLACE, error);
      expect(told).to.include({ code: "STORE_DENIED", hint: PLACE.access });
      expect(told.message).to.equal(`access to s3://bucket/x is denied (400 ${name})`);
    });
  }
});
