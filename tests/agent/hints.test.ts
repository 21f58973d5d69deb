import { join } from "node:path";
import { expect } from "chai";
import { readConfig } from "../../agent/config/config";
import { readFlags } from "../../agent/config/flags";
import { deliver } from "../../agent/deliver";
import { isCode, SnapshotError } from "../../provider/errors";
import type { TakenArchive } from "../../provider/save/take";
import { type ConsulServer, startConsul } from "../support/consul/consul";
import { command } from "../support/programs/command";
import { temporaryFolder } from "../support/programs/saving";
import { configFile } from "./running";

describe("a hint of the agent", function () {
  this.timeout(60_000);
  let consul: ConsulServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  before(async () => {
    consul = await startConsul();
  });
  after(() => consul.stop());
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());
  const path = (name: string): string => join(folder.path, name);

  it("names its own keys where it finds no credentials for S3, or no region", async () => {
    const none = {
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    };
    const s3 = { s3_bucket: "bucket", s3_endpoint: "http://127.0.0.1:1", s3_region: "us-east-1" };
    for (const [aws_storage, hint] of [
      [s3, "Set access_key_id and secret_access_key of the destination, or AWS_ACCESS_KEY_ID"],
      [{ s3_bucket: "bucket" }, "Set s3_region of the destination, or AWS_REGION."],
    ] as const) {
      const file = await configFile(folder.path, {
        http_addr: consul.address,
        snapshot: { interval: "0" },
        aws_storage,
      });
      const { code, out } = await command(["agent", "-config-file", file, "-check-config"], { env: none });
      expect(code, out).to.equal(1);
      expect(out).to.include(hint);
    }
  });

  it("does not replace the only archive by one that cannot be restored, and names the key that made it do so", async () => {
    const text = JSON.stringify({ snapshot_agent: { local_storage: { path: path("b") } } });
    const [destination] = readConfig([{ file: "agent.json", text }], readFlags([]), { env: {} }).destinations;
    const exists = new SnapshotError("STORE_EXISTS", "it was kept", "Use {timestamp}.");
    const taken: TakenArchive = {
      nanoseconds: "1613079399661741730",
      stream: () => {
        throw exists;
      },
      close: () => Promise.resolve(),
    };
    const { signal } = new AbortController();
    const reporter = { signal, status: () => undefined, info: () => undefined, warn: () => undefined };
    const manner = { consistency: "consistent", isOnly: true, now: () => new Date() } as const;
    for (const [overwrite, hint] of [
      [true, "Remove s3_static_snapshot_name, to have both."],
      [false, "Use {timestamp}."],
    ] as const) {
      const failure: unknown = await deliver(taken, { ...destination!, overwrite }, manner, reporter).catch(
        (error: unknown) => error,
      );
      expect(isCode(failure, "STORE_EXISTS") && failure.hint).to.equal(hint);
    }
  });
});
