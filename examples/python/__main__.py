"""A verified snapshot of Consul, and a new one whenever the version to install changes."""

import pulumi
import pulumi_consul_snapshot as consul

config = pulumi.Config()
backup = consul.ConsulSnapshot(
    "backup",
    target=config.get("target") or "./backups/",
    triggers=[config.get("consulVersion") or "1.18.0"],
    max_age="20h",
)
pulumi.export("location", backup.location)
pulumi.export("index", backup.index)
