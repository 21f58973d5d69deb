import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { withPlace } from "../../../provider/catalog/place";
import { findArchive } from "../../../provider/catalog/storedArchive";
import { isCode } from "../../../provider/errors";
import { fileStore } from "../../../provider/store/file/store";
import { parseLocation } from "../../../provider/store/location";
import type { Store } from "../../../provider/store/store";
import { listenOnLoopback } from "../../support/faults/listening";
import { temporaryFolder } from "../../support/programs/saving";

describe("finding an archive", () => {
  const never = new AbortController().signal;

  it("says of a folder that it is no file, and of nothing that there is no archive", async () => {
    const folder = await temporaryFolder();
    try {
      await mkdir(join(folder.path, "a.snap"));
      const failure = (name: string): Promise<unknown> =>
        findArchive(fileStore(), parseLocation(join(folder.path, name)), never).catch((error: unknown) => error);
      expect(await failure("a.snap")).to.include({
        code: "TARGET_INVALID",
        message: `${folder.path}/a.snap is not a file`,
        hint: "Specify one archive by its whole path.",
      });
      expect(await failure("b.snap")).to.include({ code: "STORE_NOT_FOUND", hint: "Check the source." });
    } finally {
      await folder.remove();
    }
  });

  it("ends with its signal while it waits for the manifest", async () => {
    const cancelled = new AbortController();
    const object = { key: "a", size: 1, version: "1", modified: new Date() };
    const store: Store = {
      ...fileStore(),
      head: (key, { signal } = {}) => {
        if (!key.endsWith(".manifest.json")) return Promise.resolve(object);
        return new Promise((_, reject) => {
          signal?.addEventListener("abort", () => reject(signal.reason as Error));
          cancelled.abort(new Error("cancelled"));
        });
      },
    };
    const failure = await findArchive(store, parseLocation("a.snap"), cancelled.signal).catch(
      (error: unknown) => error,
    );
    expect(failure).to.have.property("message", "cancelled");
  });

  it("at a place ends with its signal while the store does not answer", async () => {
    const silent = createServer((socket) => void socket.on("error", () => undefined));
    const listening = await listenOnLoopback(silent);
    const environment = { ...process.env };
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: "k", AWS_SECRET_ACCESS_KEY: "s" });
    try {
      const cancelled = new AbortController();
      const target = `s3://bucket/a?region=eu-west-1&endpoint=http://${listening.address}`;
      const connected = once(silent, "connection");
      const place = withPlace(target, cancelled.signal, () => Promise.resolve()).catch((error: unknown) => error);
      await connected;
      cancelled.abort();
      expect(isCode(await place, "INTERRUPTED")).to.equal(true);
    } finally {
      process.env = environment;
      await listening.stop();
    }
  });
});
