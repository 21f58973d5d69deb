/** A save to an S3 server beside its two parts done one after the other: fetching with `curl`, uploading with the plain SDK. */

import { open, mkdtemp, rm, stat } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CompletedPart,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { PART_BYTES } from "../provider/store/multipart";
import { fillKv, startConsul } from "../tests/support/consul/consul";
import { saveTo } from "../tests/support/programs/saving";
import { versitygw } from "../tests/support/stores/s3";
import { cpuOf, curlSnapshot, inflated, median, ms, ownCpu, table, timed, timedSave } from "./lib";

const ROUNDS = 5;
const processors = availableParallelism();
const KEYS = 150_000;
const PART = PART_BYTES;
const PARALLEL = 4;

interface Round {
  readonly curl: number;
  readonly curlTail: number;
  readonly upload: number;
  readonly ours: number;
  readonly oursTail: number;
  readonly inflate: number;
  readonly bytes: number;
  /** Processor times, each after the first byte: of this process, and of the server. */
  readonly folderCpu: number;
  readonly uploadCpu: number;
  readonly uploadServerCpu: number;
  readonly oursCpu: number;
  readonly oursServerCpu: number;
}

export async function run(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bench-store-"));
  const [consul, server] = [await startConsul(), await versitygw.start()];
  Object.assign(process.env, server.env);
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${server.port}`,
    region: "us-east-1",
    forcePathStyle: true,
  });
  /** While a save waits for the first byte, it asks the server for nothing. */
  const serverCpu = (): number => (server.pid === undefined ? Number.NaN : cpuOf(server.pid));
  try {
    await fillKv(consul, { keys: KEYS, bytes: 1600 });
    const rounds: Round[] = [];
    for (let round = -1; round < ROUNDS; round++) {
      const file = join(folder, "archive.snap");
      const curl = await curlSnapshot(consul.address, file);
      const inFolder = await timedSave(() => saveTo(`${folder}/saved/`, { address: consul.address }));
      const [uploadCpu, uploadServerCpu] = [ownCpu(), serverCpu()];
      const upload = await timed(() => uploadFile(client, file, `alone-${round}`));
      const [afterUpload, serverAfterUpload] = [ownCpu(), serverCpu()];
      const ours = await timedSave(() => saveTo(server.url("ours/"), { address: consul.address }));
      const serverAfterOurs = serverCpu();
      const inflate = await timed(() => inflated(file));
      // The first round fills caches and is not counted.
      if (round < 0) continue;
      rounds.push({
        curl: curl.ms,
        curlTail: curl.tail,
        upload: upload.ms,
        ours: ours.ms,
        oursTail: ours.tail,
        inflate: inflate.ms,
        bytes: (await stat(file)).size,
        folderCpu: inFolder.cpu,
        uploadCpu: afterUpload - uploadCpu,
        uploadServerCpu: serverAfterUpload - uploadServerCpu,
        oursCpu: ours.cpu,
        oursServerCpu: serverAfterOurs - serverAfterUpload,
      });
    }
    const of = (pick: (round: Round) => number): number => median(rounds.map(pick));
    return `## Saving ${(of((r) => r.bytes) / 1e6).toFixed(0)} MB to S3 (${KEYS.toLocaleString("en")} keys)

To versitygw on this machine. Medians of ${ROUNDS} rounds, each taking the three in turn; the ratio is that of the same
round.

${table(
  ["", "time", "× both after each other", "after the server's first byte"],
  [
    ["`curl -o` of /v1/snapshot", ms(of((r) => r.curl)), "", ms(of((r) => r.curlTail))],
    ["upload of that file, the plain SDK, four parts at once", ms(of((r) => r.upload)), "", ms(of((r) => r.upload))],
    ["both after each other", ms(of((r) => r.curl + r.upload)), "1.00", ms(of((r) => r.curlTail + r.upload))],
    [
      "ours: verified, walked, with manifest",
      ms(of((r) => r.ours)),
      of((r) => r.ours / (r.curl + r.upload)).toFixed(2),
      ms(of((r) => r.oursTail)),
    ],
    ["inflating that file alone, in Node", ms(of((r) => r.inflate)), "", ms(of((r) => r.inflate))],
  ],
)}

The server sends nothing until it has compressed everything, so only the last column can be better or worse. What
verifies must inflate: with that alone after the first byte, a save would take
${of((r) => (r.curl - r.curlTail + r.inflate) / (r.curl + r.upload)).toFixed(2)} × both. After the first byte, ours takes
${of((r) => r.oursTail / r.inflate).toFixed(2)} × inflating alone.

Client and server share the ${processors} processors of this machine. Their time after the first byte, of all threads:

${table(
  ["processor time", "client", "versitygw"],
  [
    ["a save to a folder", ms(of((r) => r.folderCpu)), ""],
    ["upload of the file, the plain SDK", ms(of((r) => r.uploadCpu)), ms(of((r) => r.uploadServerCpu))],
    ["ours to S3", ms(of((r) => r.oursCpu)), ms(of((r) => r.oursServerCpu))],
  ],
)}

If all processors were busy all the time, a save to a folder and the plain upload together would take ${ms(of(floorOf))} after the first
byte, without what Consul itself takes: ${of((r) => floorOf(r) / r.inflate).toFixed(2)} × inflating alone. A save to S3 that verifies in this way cannot take
less here. The processor time of ours allows ${of((r) => (r.oursCpu + r.oursServerCpu) / processors / r.inflate).toFixed(2)} ×.
`;
  } finally {
    client.destroy();
    await Promise.all([consul.stop(), server.stop()]);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Milliseconds of a verified save and of an upload without it, if all processors shared their work perfectly. */
function floorOf({ folderCpu, uploadCpu, uploadServerCpu }: Round): number {
  return (folderCpu + uploadCpu + uploadServerCpu) / processors;
}

/** As a program would that knows only the SDK: parts of the same size and number at once as ours. */
async function uploadFile(client: S3Client, path: string, Key: string): Promise<void> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: "bucket", Key }));
    const upload = { Bucket: "bucket", Key, UploadId };
    const parts: CompletedPart[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let at = next++; at * PART < size; at = next++) {
        const Body = Buffer.alloc(Math.min(PART, size - at * PART));
        await file.read(Body, 0, Body.length, at * PART);
        const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber: at + 1, Body }));
        parts[at] = { PartNumber: at + 1, ETag };
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } }));
  } finally {
    await file.close();
  }
}
