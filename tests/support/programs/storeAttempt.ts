/** One request to a folder, in a process of its own: `node stores-attempt.ts put|head|read|list|delete PATH [USER]`. */
import { fileStore } from "../../../provider/store/file/store";

const [wish = "", path = "", user] = process.argv.slice(2);

// Only now: that user may not be able to read this code.
if (user !== undefined) {
  process.setgroups?.([]);
  process.setegid?.(Number(user));
  process.seteuid?.(Number(user));
}

// eslint-disable-next-line @typescript-eslint/require-await -- a source is an async iterable
async function* source(): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < 16; at++) yield Buffer.alloc(64 * 1024, at);
}

async function attempt(): Promise<unknown> {
  const store = fileStore();
  const got: unknown[] = [];
  switch (wish) {
    case "put":
      return store.put(path, source());
    case "head":
      return store.head(path);
    case "read":
      for await (const chunk of store.read(path)) got.push(chunk.length);
      return got;
    case "list":
      for await (const object of store.list(path)) got.push(object.key);
      return got;
    default:
      return store.delete(path);
  }
}

attempt().then(
  (got) => console.log(JSON.stringify({ got })),
  (error: unknown) => console.log(JSON.stringify({ ...(error as object), message: String(error) })),
);
