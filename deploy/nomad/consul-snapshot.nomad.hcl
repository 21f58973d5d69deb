# Each client of Nomad needs an agent of Consul at 127.0.0.1:8500.
job "consul-snapshot" {
  type = "service"

  group "agent" {
    # One agent is elected; the others wait for it.
    count = 3

    constraint {
      operator = "distinct_hosts"
      value    = "true"
    }

    # An archive waits here until every destination has it.
    ephemeral_disk {
      size = 5000
    }

    network {
      mode = "host"
      port "http" {}
    }

    service {
      name     = "consul-snapshot-http"
      provider = "consul"
      port     = "http"

      check {
        name     = "agent is ready"
        type     = "http"
        path     = "/ready"
        interval = "15s"
        timeout  = "5s"
      }

      check {
        name     = "backups are recent"
        type     = "http"
        path     = "/health"
        interval = "60s"
        timeout  = "30s"
        # A deployment must be able to repair backups that have stopped.
        on_update = "ignore"
      }
    }

    task "agent" {
      driver       = "docker"
      user         = "1000:1000"
      kill_timeout = "30s"

      config {
        image           = "registry.example/consul-snapshot:0.1.0"
        network_mode    = "host"
        args            = ["agent", "-config-file=${NOMAD_SECRETS_DIR}/agent.json"]
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
      }

      template {
        destination   = "${NOMAD_SECRETS_DIR}/agent.json"
        perms         = "0400"
        uid           = 1000
        gid           = 1000
        change_mode   = "signal"
        change_signal = "SIGHUP"
        data          = <<EOT
{{ with nomadVar "nomad/jobs/consul-snapshot" }}
{
  "snapshot_agent": {
    "http_addr": "127.0.0.1:8500",
    "token": {{ .consul_token.Value | toJSON }},
    "snapshot": {
      "interval": "1h",
      "local_scratch_path": {{ env "NOMAD_TASK_DIR" | toJSON }}
    },
    "http": { "address": {{ env "NOMAD_ADDR_http" | toJSON }} },
    "backup_destinations": {
      "aws_storage": [
        {
          "name": "s3",
          "s3_bucket": "BUCKET",
          "s3_region": "eu-west-1",
          "access_key_id": {{ .s3_access_key_id.Value | toJSON }},
          "secret_access_key": {{ .s3_secret_access_key.Value | toJSON }},
          "retention": { "keepLast": 24, "keepDaily": 14, "keepMonthly": 12 }
        }
      ]
    }
  }
}
{{ end }}
EOT
      }

      resources {
        cpu    = 200
        memory = 256
      }
    }
  }
}
