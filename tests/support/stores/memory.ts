/** The backend that keeps objects in memory, as a store of the contract suite. */
import { memoryBackend } from "../../../provider/store/memory/backend";
import { openStore, registerBackend } from "../../../provider/store/backends";
import { parseLocation } from "../../../provider/store/location";
import { putSmallObject } from "../../../provider/store/smallObject";
import type { StoreKind } from "./server";
import { each } from "./serverProcess";

registerBackend(memoryBackend);

const nothing = () => undefined;

export const memory: StoreKind = {
  name: "memory",
  unable: {
    silence: "there is no server",
    "server crash": "there is no server",
    "wrong credentials": "memory has none",
    "missing permission": "memory has none",
    "missing bucket": "every bucket exists",
    locks: "memory has none",
    leavings: "nothing outlives the process",
  },
  start() {
    const url = (key: string, bucket = "bucket") => `memory://${bucket}/${key}`;
    return Promise.resolve({
      env: {},
      port: 0,
      url,
      async fill(keys) {
        const store = await openStore(parseLocation(url("x")));
        await each(keys, (key) => putSmallObject(store, key, Buffer.from("x"), false));
      },
      freeze: nothing,
      thaw: nothing,
      kill: () => Promise.resolve(),
      restart: () => Promise.resolve(),
      stop: () => Promise.resolve(),
    });
  },
};
