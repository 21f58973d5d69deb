/** fake-gcs-server: Google Cloud Storage in memory. */
import { LOOPBACK, freePort } from "../programs/ports";
import { placeIn, type StoreKind } from "./server";
import { each, startServer, temporaryFolder, tool } from "./serverProcess";

export const fakeGcs: StoreKind = {
  name: "Google Cloud Storage (fake-gcs-server)",
  unable: {
    "wrong credentials": "it checks none",
    "missing permission": "it checks no credentials",
    locks: "it forgets holds, and deletes in spite of them",
    leavings: "upload sessions cannot be listed; the service ends them after a week",
  },
  slow: true,
  ignores: ["wrong credentials"],
  lastRequest: /^PUT \S+upload_id=[\s\S]*content-range: bytes \S+\/\d/i,
  async start() {
    const path = await temporaryFolder("fake-gcs");
    const port = await freePort();
    const endpoint = `http://${LOOPBACK}:${port}`;
    const server = await startServer(
      "fake-gcs-server",
      [
        tool("fake-gcs-server"),
        ...["-scheme", "http", "-host", LOOPBACK, "-port", String(port), "-backend", "memory", "-log-level", "warn"],
        ...["-external-url", endpoint, "-public-host", `${LOOPBACK}:${port}`],
      ],
      port,
      path,
    );
    const { Storage } = await import("@google-cloud/storage");
    const storage = new Storage({ apiEndpoint: endpoint, projectId: "test" });
    const makeBucket = async () => {
      await storage.createBucket("bucket");
    };
    await makeBucket();
    return {
      ...server,
      async restart() {
        await server.restart();
        await makeBucket();
      },
      port,
      fill: (keys) => each(keys, (key) => storage.bucket("bucket").file(key).save("x", { resumable: false })),
      async vendorRead(url) {
        const { bucket, key } = placeIn(url);
        const [bytes] = await storage.bucket(bucket).file(key).download();
        return bytes;
      },
      env: {},
      wrongCredentials: { GOOGLE_OAUTH_ACCESS_TOKEN: "WRONG12345" },
      url: (key, bucket = "bucket", through = port) =>
        `gs://${bucket}/${key}?endpoint=${encodeURIComponent(`http://${LOOPBACK}:${through}`)}`,
    };
  },
};
