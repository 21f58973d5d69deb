/** Deletes the file that its argument names, in the version that it has. Tests kill it in between. */

import { fileStore } from "../../../provider/store/file/store";

async function main(path: string): Promise<void> {
  const store = fileStore();
  const found = await store.head(path);
  if (found === undefined) throw new Error(`${path} does not exist`);
  await store.delete(path, { version: found.version });
}

void main(process.argv[2] ?? "");
