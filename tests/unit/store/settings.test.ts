import { expect } from "chai";
import { SnapshotError } from "../../../provider/errors";
import { azureSettings } from "../../../provider/store/azure/config";
import { findBackend } from "../../../provider/store/backends";
import { checkSettings, endpointOf, flag, word } from "../../../provider/store/settings";

function check(scheme: string, query: string): SnapshotError | undefined {
  try {
    checkSettings(findBackend(scheme)!.settings, '"place"', new URLSearchParams(query));
    return undefined;
  } catch (error) {
    if (error instanceof SnapshotError) return error;
    throw error;
  }
}

describe("a bucket's settings", () => {
  // What gocloud.dev's documentation gives for examples of Pulumi's backends, and what is ours.
  const accepted: readonly (readonly [string, string])[] = [
    ["s3", "region=us-east-1&awssdk=v2&profile=backup&endpoint=minio.local:9000&disableSSL=true&s3ForcePathStyle=true"],
    ["s3", "endpoint=https://minio.local&use_path_style=1&disable_https=F&hostname_immutable=true"],
    ["s3", "accelerate=true&dualstack=true&fips=false&anonymous=True&rate_limiter_capacity=5"],
    ["s3", "ssetype=AES256"],
    ["s3", "sse=aws:kms&kmsKeyId=arn:aws:kms:eu-west-1:1:key/2&storageClass=STANDARD_IA"],
    ["s3", "request_checksum_calculation=when_required&response_checksum_validation=when_supported"],
    ["gs", "access_id=-&private_key_path=/x&universe_domain=example.org&anonymous=false"],
    ["gs", "endpoint=http://127.0.0.1:4443&userProject=p&kmsKeyId=k&storageClass=NEARLINE"],
    ["azblob", "storage_account=me&domain=blob.core.usgovcloudapi.net&protocol=https&cdn=true&localemu=false"],
    ["azblob", "encryptionScope=s&storageClass=cool&anonymous=true"],
  ];
  for (const [scheme, query] of accepted) {
    it(`of ${scheme} can be ${query}`, () => {
      expect(check(scheme, query)).to.equal(undefined);
    });
  }

  const refused: readonly (readonly [string, string, RegExp])[] = [
    ["s3", "regoin=x", /unknown setting "regoin"\nDid you mean region\?/],
    ["s3", "storageclass=x", /Did you mean storageClass\?/],
    ["s3", "zzzzzzzzzzzzz=x", /Settings are region, /],
    ["gs", "region=x", /unknown setting/],
    ["s3", "toString=x", /unknown setting/],
    ["s3", "constructor=x", /unknown setting/],
    ["gs", "__proto__=x", /unknown setting/],
    ["azblob", "hasOwnProperty=x", /unknown setting/],
    ["s3", "role=arn:aws:iam::1:role/x", /not supported\n.*role_arn/],
    ["s3", "region=a&region=b", /sets region twice/],
    ["s3", "sse=AES256&ssetype=AES256", /which mean the same/],
    ["s3", "region=", /has an empty region/],
    ["s3", "anonymous=yes", /true or false/],
    ["s3", "sse=rot13", /Values are AES256, aws:kms/],
    ["s3", "endpoint=not a url", /not a URL/],
    ["s3", "endpoint=ftp://x", /not a URL/],
    ["s3", "endpoint=https://u:p@x", /contains credentials/],
    ["s3", "endpoint=https://u:1/p@x", /contains credentials/],
    ["s3", "b=1&c=d@x", /contains credentials/],
    ["azblob", "domain=https://x/y", /not a host name/],
    ["azblob", "storageClass=Archive", /Values are Hot, Cool, Cold/],
    ["s3", "aws_secret_access_key=x", /contains credentials/],
    ["s3", "X-Amz-Credential=x", /contains credentials/],
    ["azblob", "sig=x", /contains credentials/],
    ["azblob", "account_key=x", /contains credentials/],
    ["gs", "access_token=x", /contains credentials/],
  ];
  for (const [scheme, query, reason] of refused) {
    it(`of ${scheme} cannot be ${query}`, () => {
      const error = check(scheme, query);
      expect(error?.code).to.equal("TARGET_INVALID");
      expect(`${error!.message}\n${error!.hint}`).to.match(reason);
    });
  }

  it("are read as Go reads switches, under any of their names", () => {
    for (const yes of ["1", "t", "T", "true", "TRUE"]) expect(flag(new Map([["a", yes]]), "b", "a")).to.equal(true);
    for (const no of ["0", "f", "false"]) expect(flag(new Map([["a", no]]), "a")).to.equal(false);
    expect(flag(new Map(), "a")).to.equal(false);
  });

  it("give words in the store's own spelling", () => {
    expect(word(azureSettings, new Map([["storageClass", "cool"]]), "storageClass")).to.equal("Cool");
    expect(word(azureSettings, new Map(), "storageClass")).to.equal(undefined);
  });

  it("complete an endpoint that has no scheme", () => {
    expect(endpointOf("x", "host:9000", false)).to.equal("https://host:9000");
    expect(endpointOf("x", "host:9000", true)).to.equal("http://host:9000");
    expect(endpointOf("x", "https://host/path/", true)).to.equal("https://host/path");
  });
});
