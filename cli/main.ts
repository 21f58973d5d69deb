#!/usr/bin/env node
/** The command `consul-snapshot`. Each of its commands is loaded only when it is asked for. */

import { Command, Option } from "commander";
import type { InspectOptions } from "./inspect";
import type { RestoreOptions } from "./restore";
import { writtenBy } from "../provider/transfer/writtenBy";
import type { VerifyOptions } from "./verify";

const program = new Command("consul-snapshot")
  .description(
    "Reads Consul snapshots: what is inside, whether they are sound, who can restore them; and restores them.",
  )
  .version(writtenBy, "--version", "print the version")
  .showHelpAfterError("(--help shows how it is used)");

/** A list that would take the archives' names, too, is none to have: the option is repeated. */
function another(file: string, before: readonly string[] = []): string[] {
  return [...before, file];
}

program
  .command("inspect")
  .description("print what `consul snapshot inspect` prints")
  .argument("<file>", "an archive (a path or a URL), or - for standard input")
  .addOption(new Option("--format <format>", "how to print it").choices(["pretty", "json"]).default("pretty"))
  .option("--kvdetails", "break the KV store down by prefixes of its keys")
  .option("--kvdepth <segments>", "how many segments of a key make a prefix", "2")
  .option("--kvfilter <prefix>", "only keys that begin with this", "")
  .option("--identity <file>", "for encrypted archives: a file of age identities; may be repeated", another)
  .option("--full", "also checksums, digests of the records, servers, and which Consul can restore it")
  .action(async (file: string, options: InspectOptions) => {
    const { inspect } = await import("./inspect.js");
    process.stdout.write(await inspect(file, options));
  });

program
  .command("verify")
  .description("read archives to their last byte; the exit code is 1 if one is not as it should be")
  .argument("<file...>", "archives (paths or URLs), or - for standard input")
  .option("--identity <file>", "for encrypted archives: a file of age identities; may be repeated", another)
  .option("--consul-version <version>", "also say whether this version of Consul would restore them")
  .action(async (files: string[], options: VerifyOptions) => {
    const { checkOptions, verify } = await import("./verify.js");
    checkOptions(options);
    for (const file of files) {
      const { ok, text } = await verify(file, options);
      process.stdout.write(`${text}\n`);
      if (!ok) process.exitCode = 1;
    }
  });

program
  .command("restore")
  .description("replace all that a cluster holds by what an archive holds, once, and prove it")
  .argument("<source>", "an archive (a path or a URL)")
  .requiredOption("--safety-snapshot <target>", "where to save first what is there now: a folder or a URL; or none")
  .option("--plan", "only say what would happen; the exit code is 1 if nothing would be restored")
  .option("--yes", "do not ask for the datacenter's name")
  .option("--allow <guard>", "pass a guard by, as its refusal names it; may be repeated", another)
  .option("--identity <file>", "for an encrypted archive: a file of age identities; may be repeated", another)
  .option("--recipient <key>", "encrypt the safety snapshot for this age1… key; may be repeated", another)
  .option("--run-id <id>", "one id, one restore: the same one again only reads back. Default: a new one")
  .option("--valid-until <time>", "do not begin after this, such as 2026-11-24T00:00:00Z")
  .option("--token-after-restore-file <file>", "holds the token that the archive's cluster knows, if it is another one")
  .option("--http-addr <address>", "as consul takes it; like all else of the connection, also from CONSUL_*")
  .option("--datacenter <name>", "the datacenter, where it is not that of the agent")
  .option("--token-file <file>", "holds the token, which needs acl:write")
  .option("--ca-file <file>", "the authority that may have signed the server's certificate")
  .addHelpText("after", "\nExit codes: 0 restored and proved; 1 nothing was changed; 2 begun, and not proved")
  .action(async (source: string, options: RestoreOptions) => {
    const { restore } = await import("./restore.js");
    const interrupted = new AbortController();
    // Once: who cannot wait interrupts again.
    for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => interrupted.abort(name));
    process.exitCode = await restore(source, options, {
      input: process.stdin,
      output: process.stdout,
      errors: process.stderr,
      signal: interrupted.signal,
    });
  });

// A reader that has seen enough, as `head` does, is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

program.parseAsync().catch(async (error: unknown) => {
  const { explain } = await import("../provider/errors.js");
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
});
