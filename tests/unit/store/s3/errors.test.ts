import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { openStore } from "../../../../provider/store/backends";
import { parseLocation } from "../../../../provider/store/location";
import { failureOf, temporaryFolder } from "../../../support/programs/saving";

const SSO = `[profile work]
sso_session = s
sso_account_id = 1
sso_role_name = r
region = eu-west-1
[sso-session s]
sso_start_url = https://x.awsapps.com/start
sso_region = eu-west-1
`;

/** With the real library; nothing listens at the endpoint, and nothing is asked there. */
describe("AWS credentials that cannot be had", () => {
  const environment = { ...process.env };
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeEach(async () => {
    folder = await temporaryFolder();
    const config = join(folder.path, "config");
    await writeFile(config, SSO);
    for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, {
      HOME: folder.path,
      AWS_CONFIG_FILE: config,
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      AWS_EC2_METADATA_DISABLED: "true",
    });
  });
  afterEach(async () => {
    for (const name of Object.keys(process.env)) if (!(name in environment)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, environment);
    await folder.remove();
  });

  const cases: readonly (readonly [string, string, RegExp, RegExp])[] = [
    ["none at all", "", /no AWS credentials were found/, /AWS_ACCESS_KEY_ID/],
    ["an SSO profile that is not logged in", "&profile=work", /uses SSO, and its session is missing/, /aws sso login/],
    ["a profile that does not exist", "&profile=nope", /profile "nope" does not exist/, /list-profiles/],
  ];
  for (const [title, setting, message, hint] of cases) {
    it(`have a sentence of their own: ${title}`, async () => {
      const target = `s3://bucket/x?region=eu-west-1&endpoint=http://127.0.0.1:9&s3ForcePathStyle=true${setting}`;
      const store = await openStore(parseLocation(target));
      const error = await failureOf(store.head("x"));
      store.close();
      expect(error.code).to.equal("STORE_DENIED");
      expect(error.message).to.match(message);
      expect(error.hint).to.match(hint);
    });
  }

  const unusable: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
    [
      "a web identity token of the environment that is not there",
      { AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/backup", AWS_WEB_IDENTITY_TOKEN_FILE: "/nowhere/token" },
      /is denied: a file of the credentials cannot be read \(ENOENT\)/,
    ],
    [
      "a key with a line break",
      { AWS_ACCESS_KEY_ID: "AKIA\nKEY", AWS_SECRET_ACCESS_KEY: "secret-of-mine" },
      /is denied: the credentials contain a character that no key has, such as a line break/,
    ],
  ];
  for (const [title, variables, message] of unusable) {
    it(`have a sentence of their own: ${title}`, async () => {
      Object.assign(process.env, variables);
      const target = "s3://bucket/x?region=eu-west-1&endpoint=http://127.0.0.1:9&s3ForcePathStyle=true";
      const store = await openStore(parseLocation(target));
      const error = await failureOf(store.head("x"));
      store.close();
      expect(error.code).to.equal("STORE_DENIED");
      expect(error.message).to.match(message).and.not.include("AKIA");
    });
  }

  it("are not looked for where the region is no region's name", async () => {
    const error = await failureOf(openStore(parseLocation("s3://bucket/x?region=eu west")));
    expect(error).to.include({
      code: "TARGET_INVALID",
      message: "the region of target s3://bucket is not a region's name",
    });
  });

  it("have a sentence of their own: a web identity token that cannot be read", async () => {
    const webIdentityTokenFile = join(folder.path, "absent");
    const aws = { roleArn: "arn:aws:iam::123456789012:role/backup", webIdentityTokenFile };
    const target = "s3://bucket/x?region=eu-west-1&endpoint=http://127.0.0.1:9&s3ForcePathStyle=true";
    const store = await openStore(parseLocation(target), { credentials: { aws } });
    const error = await failureOf(store.head("x"));
    store.close();
    expect(error.code).to.equal("STORE_DENIED");
    expect(error.message).to.equal(`the web identity token cannot be read: ${webIdentityTokenFile} does not exist`);
  });
});
