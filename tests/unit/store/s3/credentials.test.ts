import { createServer } from "node:http";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { SnapshotError } from "../../../../provider/errors";
import { openStore } from "../../../../provider/store/backends";
import { parseLocation } from "../../../../provider/store/location";
import { cleanText } from "../../../../provider/text";
import { listenOnLoopback } from "../../../support/faults/listening";
import { temporaryFolder } from "../../../support/programs/saving";

const PROFILE = "only-in-the-file";
const TOKEN = "FwoGZXIvYXdzEBYaDK7x5c0nOnlyInAProfile";
const SECRET = "verysecretwordofletters";

function listed(key: string): string {
  const contents = `<Key>${key}</Key><Size>1</Size><ETag>"a"</ETag><LastModified>2026-01-01T00:00:00.000Z</LastModified>`;
  return `<ListBucketResult><Name>box</Name><IsTruncated>false</IsTruncated><Contents>${contents}</Contents></ListBucketResult>`;
}

describe("S3 credentials that only the library finds", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const { AWS_SHARED_CREDENTIALS_FILE: former } = process.env;
  before(async () => {
    folder = await temporaryFolder();
    const file = join(folder.path, "credentials");
    const lines = ["aws_access_key_id = AKIAIOSFODNN7EXAMPLE", `aws_secret_access_key = ${SECRET}`];
    const emulator = ["[emulator]", "aws_access_key_id = test", "aws_secret_access_key = test"];
    const profile = [`[${PROFILE}]`, ...lines, `aws_session_token = ${TOKEN}`];
    await writeFile(file, [...profile, ...emulator, ""].join("\n"));
    process.env.AWS_SHARED_CREDENTIALS_FILE = file;
  });
  after(async () => {
    if (former === undefined) delete process.env.AWS_SHARED_CREDENTIALS_FILE;
    else process.env.AWS_SHARED_CREDENTIALS_FILE = former;
    await folder.remove();
  });

  /** Lists a bucket at a server with an answer made of the session token that it receives. */
  async function listing(status: number, answer: (token: string) => string, profile = PROFILE): Promise<string[]> {
    const server = createServer((request, response) => {
      const token = String(request.headers["x-amz-security-token"]);
      response.writeHead(status, { "Content-Type": "application/xml" }).end(answer(token));
    });
    const listening = await listenOnLoopback(server);
    const settings = `region=eu-west-1&profile=${profile}&s3ForcePathStyle=true`;
    const store = await openStore(parseLocation(`s3://box/x/?${settings}&endpoint=http://${listening.address}`));
    try {
      const keys: string[] = [];
      for await (const { key } of store.list("x/")) keys.push(key);
      return keys;
    } finally {
      store.close();
      await listening.stop();
    }
  }

  it("are not shown when a server echoes them as the name of an object", async () => {
    const keys = await listing(200, (token) => listed(`x/${token}.snap`));
    expect(keys).to.deep.equal([`x/${TOKEN}.snap`]);
    expect(keys.map((key) => cleanText(key))).to.deep.equal(["x/….snap"]);
  });

  it("hide no name of an object where they are a short word, as those of emulators", async () => {
    const keys = await listing(200, () => listed("x/test.snap"), "emulator");
    expect(keys.map((key) => cleanText(key))).to.deep.equal(["x/test.snap"]);
  });

  it("are not shown when a server echoes them as its error code", async () => {
    const error = await listing(403, () => `<Error><Code>${SECRET}</Code></Error>`).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(SnapshotError).with.property("code", "STORE_DENIED");
    expect((error as SnapshotError).message)
      .to.include("(403)")
      .and.not.include(SECRET);
  });
});
