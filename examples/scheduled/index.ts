/**
 * For cron or a pipeline: `npm start`. Makes sure that there is a snapshot that is at most 20 hours old.
 *
 * Exit code 0: there is one, and standard output is one line of JSON about it. Exit code 1: there is not, and standard
 * error says why. Environment: BACKUP_TARGET, Consul's own CONSUL_*, and Pulumi's PULUMI_BACKEND_URL and
 * PULUMI_CONFIG_PASSPHRASE.
 */

import { CommandError, LocalWorkspace } from "@pulumi/pulumi/automation";
import { ConsulSnapshot } from "pulumi-consul-snapshot";

async function program() {
  // Not 24h: a daily run that starts a minute earlier than yesterday would accept yesterday's snapshot.
  const backup = new ConsulSnapshot("scheduled", {
    target: process.env.BACKUP_TARGET ?? "./backups/",
    maxAge: "20h",
    retention: { keepDaily: 7, keepWeekly: 5, keepMonthly: 12 },
  });
  return { location: backup.location, index: backup.index, takenAt: backup.takenAt, kept: backup.kept };
}

async function main(): Promise<void> {
  const stack = await LocalWorkspace.createOrSelectStack({
    stackName: process.env.BACKUP_STACK ?? "scheduled",
    projectName: "consul-backups",
    program,
  });
  // Progress goes to standard error, so that standard output contains only the summary.
  const { outputs, summary } = await stack.up({ onOutput: (text) => process.stderr.write(text) });
  const changes = summary.resourceChanges ?? {};
  const taken = (changes.create ?? 0) + (changes.replace ?? 0) > 0;
  const facts = Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value as unknown]));
  console.log(JSON.stringify({ taken, ...facts }));
}

main().catch((error: unknown) => {
  // Pulumi's own message is already on standard error.
  console.error(error instanceof CommandError ? "There is no fresh backup: see above." : String(error));
  process.exitCode = 1;
});
