import { expect } from "chai";
import { placeOf } from "../../../provider/store/failures";
import { failureOf, s3Errors } from "../../../provider/store/s3/errors";

const PLACE = placeOf({ scheme: "s3", bucket: "bucket" }, s3Errors, "x");

const answer = (name: string, status = 400) =>
  failureOf(PLACE, Object.assign(new Error("geheim"), { name, $metadata: { httpStatusCode: status } }));

describe("a failure of S3", () => {
  // As the token service names them when it is asked for a role; the status is 400.
  for (const name of ["ExpiredTokenException", "InvalidIdentityTokenException", "ExpiredToken"]) {
    it(`is denied access when it is called ${name}`, () => {
      const failure = answer(name);
      expect(failure).to.include({ code: "STORE_DENIED", hint: s3Errors.credentialsHelp });
      expect(failure.message).to.equal(`access to s3://bucket/x is denied (400 ${name})`);
    });
  }

  it("is denied access where the server does not know the access key and answers 404, as versitygw does", () => {
    const failure = answer("XAdminUserNotFound", 404);
    expect(failure).to.include({ code: "STORE_DENIED", hint: s3Errors.credentialsHelp });
    expect(failure.message).to.equal("access to s3://bucket/x is denied (404 XAdminUserNotFound)");
  });

  for (const name of [
    "wJalrXUtnFEMI/K7MDENG",
    "Basic dXNlcjpwYXNz",
    "AKIAIOSFODNN7EXAMPLE",
    "\u001b[2J",
    "Access\nDenied: fine",
    "\u202eDenied",
    "<script>",
    "A".repeat(3_000_000),
    "",
    ".",
  ]) {
    it(`shows nothing of what does not look like a code: ${JSON.stringify(name.slice(0, 30))}`, () => {
      expect(answer(name, 403).message).to.equal("access to s3://bucket/x is denied (403)");
      expect(answer(name, 500).message).to.equal("the store of s3://bucket/x cannot be reached or failed (500)");
    });
  }

  it("shows no secret of the environment that a server sends as its code", () => {
    process.env.TEST_SECRET_KEY = "Geheimwort";
    try {
      for (const name of ["Geheimwort", "AnGeheimwort", "Geheim"]) {
        expect(answer(name, 403).message).to.not.include("Geheim");
      }
    } finally {
      delete process.env.TEST_SECRET_KEY;
    }
  });

  it("shows codes as services and Node.js give them", () => {
    for (const name of [
      "SlowDown",
      "KMS.DisabledException",
      "ECONNREFUSED",
      "ERR_HTTP2_STREAM_ERROR",
      "invalid_grant",
    ]) {
      expect(answer(name, 500).message).to.include(`(500 ${name})`);
    }
  });
});
