/** Where the plugin is published, for the schema. The addresses are reserved names until there is a real place. */

export const PUBLICATION = {
  displayName: "Consul Snapshot",
  description:
    "Consul backups as infrastructure code: verified snapshots to a folder or a bucket, and guarded restores that run once.",
  keywords: [
    "pulumi",
    "consul",
    "snapshot",
    "backup",
    "restore",
    "disaster-recovery",
    "category/infrastructure",
    "kind/native",
  ],
  homepage: "https://consul-snapshot.example",
  repository: "https://consul-snapshot.example/source",
  publisher: "The pulumi-consul-snapshot authors",
  logoUrl: "https://consul-snapshot.example/logo.svg",
  pluginDownloadURL: "https://consul-snapshot.example/releases/v${VERSION}",
} as const;
