// A verified snapshot of Consul, and a new one whenever the version to install changes.
package main

import (
	consul "consul-snapshot.example/source/sdk/go/consulsnapshot"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		settings := config.New(ctx, "")
		backup, err := consul.NewConsulSnapshot(ctx, "backup", &consul.ConsulSnapshotArgs{
			Target:   pulumi.String(or(settings.Get("target"), "./backups/")),
			Triggers: pulumi.Array{pulumi.String(or(settings.Get("consulVersion"), "1.18.0"))},
			MaxAge:   pulumi.String("20h"),
		})
		if err != nil {
			return err
		}
		ctx.Export("location", backup.Location)
		ctx.Export("index", backup.Index)
		return nil
	})
}

func or(value, instead string) string {
	if value == "" {
		return instead
	}
	return value
}
