require("../bin/pulumi-resource-consul-snapshot");
