/** The scene of README.md: a restore by hand. */

import { withArchive } from "./ground";
import type { Page } from "./page";
import { restoreTranscripts } from "./restoreTranscript";
import { shellIn } from "./shell";

export const readme: Page = {
  file: "README.md",
  play: () =>
    withArchive({}, async ({ consul, folder, archive }) => {
      const shell = await shellIn(folder, { CONSUL_HTTP_ADDR: consul.address });
      const source = archive.location.replace(folder, ".");
      const line = `npx consul-snapshot restore ${source} --safety-snapshot ./before/ --yes`;
      const clean = restoreTranscripts(folder, { hosts: { "10.0.0.1": consul }, archive });
      return new Map([["restore", clean(await shell.type(line))]]);
    }),
};
