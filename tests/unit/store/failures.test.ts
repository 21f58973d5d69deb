import { expect } from "chai";
import { placeOf } from "../../../provider/store/failures";
import { azureErrors, failureOf as azureFailureOf } from "../../../provider/store/azure/errors";
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

describe("a failure of a store that credentials and network have nothing to do with", () => {
  const azurePlace = placeOf({ scheme: "azblob", bucket: "container" }, azureErrors, "x");
  const azureAnswer = (errorCode: string, statusCode: number) =>
    azureFailureOf(azurePlace, Object.assign(new Error("geheim"), { statusCode, details: { errorCode } }));

  for (const [name, status, code, message, hint] of [
    ["RequestTimeTooSkewed", 403, "STORE_DENIED", /clocks of this machine and of the store differ/, /clock/],
    ["KMS.DisabledException", 400, "STORE_DENIED", /its KMS key cannot be used/, /kms:GenerateDataKey/],
    ["InvalidObjectState", 403, "STORE_DENIED", /archive storage class/, /restore-object/],
    ["PermanentRedirect", 301, "TARGET_INVALID", /is in another region/, /get-bucket-location/],
    [
      "AuthorizationHeaderMalformed",
      400,
      "TARGET_INVALID",
      /expects another region, or another form of access key/,
      /get-bucket-location/,
    ],
    ["TemporaryRedirect", 307, "STORE_UNREACHABLE", /failed/, /redirects elsewhere/],
    ["SlowDown", 503, "STORE_UNREACHABLE", /failed/, /^Run it again later\./],
    ["Unknown", 407, "STORE_UNREACHABLE", /failed/, /HTTPS_PROXY/],
  ] as const) {
    it(`has a sentence or a hint of its own: S3, ${status} ${name}`, () => {
      const failure = answer(name, status);
      expect(failure.code).to.equal(code);
      expect(failure.message).to.match(message).and.include(`(${status} ${name})`);
      expect(failure.hint).to.match(hint);
    });
  }

  for (const [name, status, message, hint] of [
    ["AuthenticationFailed", 403, /does not accept the credentials/, /SAS token has not expired/],
    ["InvalidAuthenticationInfo", 400, /does not accept the credentials/, /clock/],
    ["AuthorizationFailure", 403, /does not allow it from this machine/, /firewall/],
    ["BlobArchived", 409, /archive tier/, /set-tier/],
    ["LeaseIdMissing", 412, /has a lease/, /lease break/],
    ["PublicAccessNotPermitted", 409, /is denied/, /AZURE_STORAGE_/],
  ] as const) {
    it(`has a sentence or a hint of its own: Azure, ${status} ${name}`, () => {
      const failure = azureAnswer(name, status);
      expect(failure.code).to.equal("STORE_DENIED");
      expect(failure.message).to.match(message).and.include(`(${status} ${name})`);
      expect(failure.hint).to.match(hint);
    });
  }

  it("is the login, where Azure's library got no token", () => {
    for (const [name, statusCode] of [
      ["AuthenticationError", 400],
      ["AggregateAuthenticationError", undefined],
    ] as const) {
      const failure = azureFailureOf(azurePlace, Object.assign(new Error("geheim"), { name, statusCode }));
      expect(failure.code).to.equal("STORE_DENIED");
      expect(failure.message).to.include("Azure's tools got no token on this machine").and.not.include("geheim");
    }
  });

  for (const code of ["EPROTO", "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"]) {
    it(`is the TLS handshake: ${code}`, () => {
      const failure = failureOf(PLACE, Object.assign(new Error("geheim"), { code, syscall: "write" }));
      expect(failure.code).to.equal("STORE_UNREACHABLE");
      expect(failure.message).to.match(/^the TLS handshake with the store of s3:\/\/bucket\/x failed/);
    });
  }

  for (const code of ["INVALID_PURPOSE", "CERT_REVOKED", "UNSPECIFIED"]) {
    it(`is a certificate that is not suitable: ${code}`, () => {
      const failure = failureOf(PLACE, Object.assign(new Error("geheim"), { code }));
      expect(failure.message).to.include("is not suitable for a server");
      expect(failure.hint).to.include("serverAuth");
    });
  }
});
