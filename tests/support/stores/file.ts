/** A folder on the local disk. */
import { mkdir, readdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StoreKind } from "./server";
import { each, temporaryFolder } from "./serverProcess";

export const folder: StoreKind = {
  name: "a folder",
  unable: {
    silence: "the operating system answers for a disk",
    "server crash": "there is no server",
    "wrong credentials": "a folder has none",
    "missing permission": "shown in tests of its own, as another user",
    locks: "a folder knows none",
    "missing bucket": "a missing folder is made; tests of its own show the rest",
  },
  async start() {
    const path = await temporaryFolder("folder");
    const bucket = join(path, "bucket");
    await mkdir(bucket);
    const unfinished = async () => (await readdir(bucket)).filter((name) => name.endsWith(".partial")).sort();
    const nothing = () => undefined;
    return {
      env: {},
      port: 0,
      url: (key, name = "bucket") => join(path, name, key),
      leavings: {
        names: unfinished,
        async age() {
          const then = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000);
          for (const name of await unfinished()) await utimes(join(bucket, name), then, then);
        },
        async foreign() {
          await writeFile(join(bucket, ".another-tool.partial"), "half");
          return ".another-tool.partial";
        },
      },
      // A path is what each tool of the system takes.
      vendorRead: (path) => readFile(path),
      fill: (keys) => each(keys, (key) => writeFile(key, "x")),
      freeze: nothing,
      thaw: nothing,
      // A disk that is not mounted is what comes nearest to a server that is gone.
      kill: () => rename(bucket, `${bucket}.away`),
      restart: () => rename(`${bucket}.away`, bucket),
      stop: () => rm(path, { recursive: true, force: true }),
    };
  },
};
