/** azurite: Azure Blob Storage over a folder. Its client is loaded when it starts: most tests that could start it do not. */
import { resolve } from "node:path";
import { LOOPBACK, freePort } from "../programs/ports";
import { placeIn, type StoreKind } from "./server";
import { each, startServer, temporaryFolder } from "./serverProcess";

/** The emulator's well-known account. */
const ACCOUNT = "devstoreaccount1";
const KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

export const azurite: StoreKind = {
  name: "Azure Blob Storage (azurite)",
  unable: {
    locks: "it has no legal holds and no immutability policies",
    leavings: "staged blocks cannot be thrown away by a client; the service does it after a week",
  },
  lastRequest: /^PUT \S+comp=blocklist/,
  async start() {
    const path = await temporaryFolder("azurite");
    const port = await freePort();
    const server = await startServer(
      "azurite",
      [
        process.execPath,
        resolve(__dirname, "../../../node_modules/azurite/dist/src/blob/main.js"),
        ...["--blobHost", LOOPBACK, "--blobPort", String(port), "--location", path, "--silent", "--disableTelemetry"],
      ],
      port,
      path,
    );
    const { BlobServiceClient, ContainerSASPermissions, generateBlobSASQueryParameters, StorageSharedKeyCredential } =
      await import("@azure/storage-blob");
    const credential = new StorageSharedKeyCredential(ACCOUNT, KEY);
    const service = new BlobServiceClient(`http://${LOOPBACK}:${port}/${ACCOUNT}`, credential);
    const { containerClient } = await service.createContainer("bucket");
    const tokenFor = (permissions: string): string =>
      generateBlobSASQueryParameters(
        {
          containerName: "bucket",
          permissions: ContainerSASPermissions.parse(permissions),
          expiresOn: new Date(Date.now() + 24 * 60 * 60 * 1000),
        },
        credential,
      ).toString();
    const account = { AZURE_STORAGE_ACCOUNT: ACCOUNT };
    return {
      ...server,
      env: { ...account, AZURE_STORAGE_KEY: KEY },
      wrongCredentials: { ...account, AZURE_STORAGE_KEY: Buffer.alloc(64, 1).toString("base64") },
      readOnly: { ...account, AZURE_STORAGE_SAS_TOKEN: tokenFor("rl") },
      leastRights: (deleting) =>
        Promise.resolve({ ...account, AZURE_STORAGE_SAS_TOKEN: tokenFor(deleting ? "rwdl" : "rwl") }),
      port,
      fill: (keys) => each(keys, (key) => containerClient.uploadBlockBlob(key, "x", 1)),
      vendorRead(url) {
        const { bucket, key } = placeIn(url);
        return service.getContainerClient(bucket).getBlobClient(key).downloadToBuffer();
      },
      url: (key, bucket = "bucket", through = port) =>
        `azblob://${bucket}/${key}?domain=${LOOPBACK}:${through}&protocol=http`,
    };
  },
};
