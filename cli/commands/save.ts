import { describeCommand } from "../description/command";
import { saveOptions } from "../save/options";

export const save = describeCommand({
  name: "save",
  summary: "Takes one snapshot of Consul, verifies all of it while it is stored, and writes its manifest",
  operands: [{ name: "TARGET", doc: "a folder, a path or a URL, also with placeholders such as {timestamp}" }],
  options: saveOptions,
  examples: [
    { does: "Save into a folder", line: "consul-snapshot save ./backups/" },
    {
      does: "Save, encrypt, and keep the last 7 archives and one for each of the last 30 days",
      line: "consul-snapshot save ./backups/ --recipient age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p --keep-last 7 --keep-daily 30",
    },
  ],
  exitCodes: [
    { code: 0, meaning: "the archive is verified and stored" },
    { code: 1, meaning: "what Consul sent is not a valid archive: nothing is stored" },
    {
      code: 2,
      meaning:
        "the command was typed wrongly, or Consul or the store failed: nothing is stored. Also when the result could not be printed, such as on a full disk: then the archive is stored",
    },
  ],
  async run({ operands: [target = ""], options, io }) {
    const work = await import("../save/save.js");
    return work.saveOnce(target, options, io);
  },
});
