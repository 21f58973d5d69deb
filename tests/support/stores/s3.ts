/** versitygw: S3 over a folder. */
import { mkdir, readdir, readFile, utimes } from "node:fs/promises";
import { join, resolve } from "node:path";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { LOOPBACK, freePort } from "../programs/ports";
import { placeIn, type StoreKind } from "./server";
import { each, startServer, temporaryFolder, tool } from "./serverProcess";

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

const ROOT = { access: "KEY12345", secret: "SECRET12345" };
const READER = { access: "READER12345", secret: "READSECRET12345" };
/** Nothing of the machine's own configuration takes part. */
const ISOLATED = {
  AWS_CONFIG_FILE: "/dev/null",
  AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  AWS_EC2_METADATA_DISABLED: "true",
};

export const versitygw: StoreKind = {
  name: "S3 (versitygw)",
  unable: {},
  lastRequest: /^(PUT \S+x-id=PutObject|POST \S+uploadId=)/,
  async start() {
    const path = await temporaryFolder("versitygw");
    const port = await freePort();
    const endpoint = `http://${LOOPBACK}:${port}`;
    for (const name of ["data", "versions", "iam"]) await mkdir(join(path, name));
    const server = await startServer(
      "versitygw",
      [
        tool("versitygw"),
        ...[
          "--access",
          ROOT.access,
          "--secret",
          ROOT.secret,
          "--port",
          `${LOOPBACK}:${port}`,
          "--keep-alive",
          "--quiet",
        ],
        ...["--iam-dir", join(path, "iam"), "--health", "/health"],
        ...["posix", "--versioning-dir", join(path, "versions"), join(path, "data")],
      ],
      port,
      path,
    );
    const {
      CreateBucketCommand,
      CreateMultipartUploadCommand,
      GetObjectCommand,
      ListMultipartUploadsCommand,
      PutBucketPolicyCommand,
      PutObjectCommand,
      S3Client,
    } = await import("@aws-sdk/client-s3");
    const client = new S3Client({
      endpoint,
      region: "us-east-1",
      forcePathStyle: true,
      credentials: { accessKeyId: ROOT.access, secretAccessKey: ROOT.secret },
    });
    await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
    const granted: object[] = [];
    const grant = async (user: typeof ROOT, statements: readonly Statement[]) => {
      await promisify(execFile)(tool("versitygw"), [
        ...["admin", "--access", ROOT.access, "--secret", ROOT.secret, "--endpoint-url", endpoint],
        ...["create-user", "--access", user.access, "--secret", user.secret, "--role", "user"],
      ]);
      granted.push(...statements.map((statement) => ({ ...statement, Principal: user.access })));
      const Policy = JSON.stringify({ Version: "2012-10-17", Statement: granted });
      await client.send(new PutBucketPolicyCommand({ Bucket: "bucket", Policy }));
    };
    await grant(READER, READ_ONLY);
    const uploads = join(path, "data", "bucket", ".sgwtmp", "multipart");
    return {
      ...server,
      port,
      async stop() {
        client.destroy();
        await server.stop();
      },
      fill: (keys) => each(keys, (Key) => client.send(new PutObjectCommand({ Bucket: "bucket", Key, Body: "x" }))),
      async vendorRead(url) {
        const { bucket: Bucket, key: Key } = placeIn(url);
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
        return (await Body?.transformToByteArray()) ?? new Uint8Array();
      },
      leavings: {
        async names() {
          const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: "bucket" }));
          return Uploads.map(({ Key = "" }) => Key).sort();
        },
        async age() {
          const then = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000);
          for (const name of await readdir(uploads, { recursive: true })) await utimes(join(uploads, name), then, then);
        },
        async foreign(beginning) {
          const Key = `${beginning}another-tool.bin`;
          await client.send(new CreateMultipartUploadCommand({ Bucket: "bucket", Key }));
          return Key;
        },
      },
      env: credentials(ROOT),
      wrongCredentials: credentials({ access: ROOT.access, secret: "WRONG12345" }),
      readOnly: credentials(READER),
      async leastRights(deleting) {
        const user = { access: deleting ? "PRUNER12345" : "SAVER12345", secret: "SAVESECRET12345" };
        await grant(user, await documentedRights(deleting));
        return credentials(user);
      },
      url: (key, bucket = "bucket", through = port) =>
        `s3://${bucket}/${key}?region=us-east-1&endpoint=${LOOPBACK}:${through}&disableSSL=true&s3ForcePathStyle=true`,
    };
  },
};

function credentials({ access, secret }: typeof ROOT): Record<string, string> {
  return { ...ISOLATED, AWS_ACCESS_KEY_ID: access, AWS_SECRET_ACCESS_KEY: secret };
}

interface Statement {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: string;
}

const READ_ONLY: readonly Statement[] = [
  { Effect: "Allow", Action: ["s3:ListBucket"], Resource: "arn:aws:s3:::bucket" },
  { Effect: "Allow", Action: ["s3:GetObject"], Resource: "arn:aws:s3:::bucket/*" },
];

/** The policy as a reader of the page copies it, for the folder `PREFIX` of this bucket. */
async function documentedRights(deleting: boolean): Promise<readonly Statement[]> {
  const page = await readFile(resolve(__dirname, "../../../docs/how-to/use-a-bucket.md"), "utf8");
  const text = /^\{\n {2}"Version"[\s\S]*?^\}$/m.exec(page)?.[0].replaceAll(":::BUCKET", ":::bucket") ?? "";
  const { Statement } = JSON.parse(text) as { Statement: readonly Statement[] };
  return Statement.map((statement) => ({
    ...statement,
    Action: statement.Action.filter((action) => deleting || action !== "s3:DeleteObject"),
  }));
}
