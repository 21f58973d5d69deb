import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect } from "chai";
import { validate } from "dockerfile-utils";
import { parse } from "yaml";
import { Board } from "../../agent/board";
import { type AgentConfig, type ConfigText, readConfig } from "../../agent/config/config";
import { readFlags } from "../../agent/config/flags";
import { type KeyTable, ROOT_KEYS } from "../../agent/config/keys";
import { metricsOf } from "../../agent/http/metrics";
import { bin } from "../../package.json";
import { serveEmptyBoard } from "../support/agent/emptyBoard";
import { notApplicable } from "../support/notApplicable";
import { codeBlocksOf } from "./markdown";
import { listNomadProblems } from "./nomadProblems";
import { readYaml } from "./yamlDocuments";

const UNIT = "deploy/systemd/consul-snapshot.service";
const UNIT_CONFIG = "deploy/systemd/consul-snapshot.json";
const NOMAD = "deploy/nomad/consul-snapshot.nomad.hcl";
const COMMON = "deploy/kubernetes/common.yaml";
const DEPLOYMENT = "deploy/kubernetes/deployment.yaml";
const CRON_JOB = "deploy/kubernetes/cronjob.yaml";
const RULES = "deploy/prometheus/rules.yaml";
const DASHBOARD = "deploy/grafana/consul-snapshot.json";
const DOCKERFILE = "deploy/container/Dockerfile";
const PAGE = "docs/how-to/deploy-the-agent.md";
const CREDENTIALS = "/run/credentials/consul-snapshot.service";

/** How each kind of file is parsed; each throws. */
const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  json: (text) => JSON.parse(text) as unknown,
  yaml: readYaml,
  hcl: (text) => expect(listNomadProblems(text)).to.equal(""),
  service: readUnit,
  Dockerfile: checkDockerfile,
};

const read = (file: string): string => readFileSync(file, "utf8");

interface Container {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string }[];
  readonly securityContext: unknown;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly ports?: readonly { readonly containerPort: number }[];
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
}
interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}
interface Pod {
  readonly serviceAccountName: string;
  readonly securityContext: unknown;
  readonly containers: readonly [Container];
  readonly volumes: readonly { readonly name: string }[];
}
interface Deployment {
  readonly spec: { readonly replicas: number; readonly template: { readonly spec: Pod } };
}
interface CronJob {
  readonly spec: { readonly jobTemplate: { readonly spec: { readonly template: { readonly spec: Pod } } } };
}

const deployedPod = (): Pod => (parse(read(DEPLOYMENT)) as Deployment).spec.template.spec;
const scheduledPod = (): Pod => (parse(read(CRON_JOB)) as CronJob).spec.jobTemplate.spec.template.spec;

describe("deploy/", () => {
  it("holds files that can be parsed, each named by the page that explains it", () => {
    const files = readdirSync("deploy", { recursive: true, encoding: "utf8", withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    const page = read(PAGE);
    expect(files).to.include.members([UNIT, NOMAD, DEPLOYMENT, CRON_JOB, RULES, DASHBOARD, DOCKERFILE]);
    for (const file of files) {
      const parser = PARSERS[basename(file).split(".").at(-1) ?? ""];
      expect(parser, file).to.be.a("function");
      expect(() => parser?.(read(file)), file).to.not.throw();
      expect(page, file).to.include(`(../../${file})`);
    }
  });

  it("passes only flags that the agent has", () => {
    const unit = readUnit(read(UNIT));
    const unitLines = [...(unit.get("ExecStartPre") ?? []), ...(unit.get("ExecStart") ?? [])];
    const nomadArgs = parse(/args += (\[.*\])/.exec(read(NOMAD))?.[1] ?? "") as string[];
    const lines = [
      ...unitLines.map((line) => line.split(" ").slice(1)),
      nomadArgs,
      deployedPod().containers[0].args,
      scheduledPod().containers[0].args,
    ];
    expect(lines).to.have.lengthOf(5);
    for (const [command, ...flags] of lines) {
      expect(command).to.equal("agent");
      expect(() => readFlags(flags), flags.join(" ")).to.not.throw();
    }
    expect(unitLines.map((line) => basename(line.split(" ")[0] ?? ""))).to.deep.equal(
      unitLines.map(() => "consul-snapshot"),
    );
    expect(bin).to.have.property(/ENTRYPOINT \["(.*)"\]/.exec(read(DOCKERFILE))?.[1] ?? "");
  });

  it("has a Dockerfile whose mistakes would be noticed", () => {
    const text = read(DOCKERFILE);
    expect(() => checkDockerfile(text)).to.not.throw();
    expect(() => checkDockerfile(text.replace("WORKDIR", "WORKDR"))).to.throw("Unknown instruction: WORKDR");
    expect(() => checkDockerfile(text.replace("COPY ", "COPY --frm=x "))).to.throw("Unknown flag: frm");
    expect(() => checkDockerfile(text.replace("USER 1000:1000", "USER"))).to.throw("Instruction has no arguments");
  });

  describe("systemd", () => {
    it("gives the agent every credential that its configuration reads, and writable folders", () => {
      const unit = readUnit(read(UNIT));
      const loaded = (unit.get("LoadCredential") ?? []).map((line) => line.split(":")[0] ?? "");
      const named = [...read(UNIT_CONFIG).matchAll(/\/run\/credentials\/consul-snapshot\.service\/([\w.-]+)/g)];
      expect(new Set(named.map(([, name]) => name))).to.deep.equal(new Set(loaded));
      const config = withFolder((folder) => {
        for (const name of loaded) writeFileSync(join(folder, name), `${name} of a test\n`);
        return readTexts({ file: UNIT_CONFIG, text: read(UNIT_CONFIG).replaceAll(CREDENTIALS, folder) });
      });
      const [local, s3] = [...config.destinations].sort((a, b) => a.name.localeCompare(b.name));
      expect(s3?.credentials.aws?.secretAccessKey).to.equal("s3-secret-access-key of a test");
      expect(local?.target.key).to.match(/^\/?var\/lib\/consul-snapshot\//);
      expect(config.scratchFolder).to.equal("/var/cache/consul-snapshot");
      expect([unit.get("StateDirectory"), unit.get("CacheDirectory")]).to.deep.equal([
        ["consul-snapshot"],
        ["consul-snapshot"],
      ]);
    });

    const title = "has a unit that systemd accepts";
    if (!isInstalled("systemd-analyze")) notApplicable(title, "systemd-analyze does not exist");
    else {
      it(title, () => {
        withFolder((folder) => {
          const file = join(folder, basename(UNIT));
          // A program that is not installed would be an error.
          const text = read(UNIT).replaceAll(/^(ExecStart(?:Pre)?=-?)\S+/gm, `$1${process.execPath}`);
          const verify = (): string => run("systemd-analyze", ["verify", "--man=no", file]);
          writeFileSync(file, text.replace("ProtectSystem=", "ProtctSystem="));
          expect(verify()).to.include("ProtctSystem");
          writeFileSync(file, text);
          expect(verify()).to.equal("");
        });
      });
    }
  });

  describe("Nomad", () => {
    it("writes a valid configuration", () => {
      const [, template = ""] = /<<EOT\n([^]*?)\nEOT\n/.exec(read(NOMAD)) ?? [];
      const text = template
        .replace('{{ env "NOMAD_ADDR_http" | toJSON }}', '"192.0.2.7:23456"')
        .replaceAll(/\{\{.*?\| toJSON \}\}/g, '"sample"')
        .replaceAll(/^\{\{ (with .*|end) \}\}$/gm, "");
      const config = readTexts({ file: "agent.json", text });
      expect(config.connection.token).to.equal("sample");
      expect(config.http?.address).to.deep.equal({ kind: "port", host: "192.0.2.7", port: 23456 });
      expect(config.destinations.map(({ name }) => name)).to.deep.equal(["s3"]);
    });
  });

  describe("Kubernetes", () => {
    it("runs the Deployment and the CronJob alike, except for -interval=0, the port and the probes", () => {
      const [agent, once] = [deployedPod(), scheduledPod()];
      const { args, ports, readinessProbe, livenessProbe, ...rest } = agent.containers[0];
      expect(once.containers[0]).to.deep.equal({ ...rest, args: ["agent", "-interval=0", ...args.slice(1)] });
      expect([ports, readinessProbe, livenessProbe]).to.not.include(undefined);
      expect(once.volumes).to.deep.equal(agent.volumes);
      expect(once.securityContext).to.deep.equal(agent.securityContext);
      expect((parse(read(DEPLOYMENT)) as Deployment).spec.replicas).to.equal(3);
    });

    it("runs without rights, with a root file system that is read-only", () => {
      expect(deployedPod().securityContext).to.include({ runAsNonRoot: true });
      expect(deployedPod().containers[0].securityContext).to.deep.equal({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
    });

    it("mounts what the flags and variables name, and sets only variables that the agent reads", () => {
      const pod = deployedPod();
      const { args, env, volumeMounts } = pod.containers[0];
      expect(volumeMounts.map(({ name }) => name)).to.have.members(pod.volumes.map(({ name }) => name));
      const known = Object.values(ROOT_KEYS as KeyTable).map(({ environment }) => environment);
      for (const { name } of env) expect(known).to.include(name);
      const { configFiles, configFolders } = readFlags(args.slice(1));
      const paths = [...configFiles, ...configFolders];
      expect(paths).to.have.lengthOf(2);
      for (const path of paths) {
        expect(volumeMounts.some(({ mountPath }) => path === mountPath || path.startsWith(`${mountPath}/`))).to.equal(
          true,
        );
      }
      const documents = readYaml(read(COMMON)) as readonly KubernetesObject[];
      const names = documents.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
      expect(names).to.include(`ServiceAccount/${pod.serviceAccountName}`);
      expect(new URL(valueOf(env, "CONSUL_HTTP_ADDR")).hostname).to.equal(`${nameOf(documents, "Service")}.consul.svc`);
    });

    it("has configurations that are valid together: that of the ConfigMap, and that of the page for the Secret", () => {
      const map = (readYaml(read(COMMON)) as readonly KubernetesObject[]).find(({ kind }) => kind === "ConfigMap");
      const file = basename(readFlags(deployedPod().containers[0].args.slice(1)).configFiles[0] ?? "");
      const secret = codeBlocksOf(PAGE).find(({ language }) => language === "json");
      const config = readTexts({ file, text: map?.data?.[file] ?? "" }, { file: PAGE, text: secret?.code ?? "" });
      expect(config.login?.bearerTokenFile).to.match(/^\/var\/run\/secrets\/kubernetes\.io\//);
      expect(config.destinations.map(({ name }) => name)).to.deep.equal(["s3"]);
      const [port] = deployedPod().containers[0].ports ?? [];
      expect(config.http?.address).to.deep.equal({ kind: "port", host: "0.0.0.0", port: port?.containerPort });
    });
  });

  it("asks only for paths that the agent serves", async () => {
    const { readinessProbe, livenessProbe } = deployedPod().containers[0];
    const checked = [...read(NOMAD).matchAll(/path += "(\/.*)"/g)].map(([, path = ""]) => path);
    const probed = [readinessProbe, livenessProbe].map((probe) => probe?.httpGet.path ?? "");
    const metrics = /prometheus\.io\/path: (\S+)/.exec(read(DEPLOYMENT))?.[1] ?? "";
    const { address, close } = await serveEmptyBoard();
    try {
      expect(checked).to.deep.equal(["/ready", "/health"]);
      for (const path of [...checked, ...probed, metrics]) {
        expect((await fetch(`http://${address}${path}`)).status, path).to.not.equal(404);
      }
      expect((await fetch(`http://${address}/nowhere`)).status).to.equal(404);
    } finally {
      await close();
    }
  });

  describe("Prometheus and Grafana", () => {
    it("ask for every metric that the agent has, and for no other, nor for a label that it does not have", async () => {
      const metrics = await listMetrics();
      const expressions = [...alerts().map(({ expr }) => expr), ...panels().flatMap(({ targets }) => targets)];
      const used = expressions.flatMap((text) => text.match(/\bconsul_snapshot_\w+/g) ?? []);
      const bases = used.map((name) => (metrics.includes(name) ? name : name.replace(/_(bucket|sum|count)$/, "")));
      expect([...new Set(bases)]).to.have.members(metrics);
      const labels = expressions.flatMap((text) => [...text.matchAll(/\b(?:by|on) \(([^)]*)\)/g)]);
      for (const [, list = ""] of labels) {
        expect(["job", "instance", "destination", "code", "phase", "version", "le"]).to.include.members(
          list.split(", "),
        );
      }
    });

    it("have alerts that are explained, and panels that are described", () => {
      const page = read(PAGE);
      const names = alerts().map(({ alert }) => alert);
      expect(new Set(names)).to.have.lengthOf(names.length);
      for (const { alert, labels, annotations } of alerts()) {
        expect(page).to.include(`| \`${alert}\` |`);
        expect(["critical", "warning"]).to.include(labels.severity);
        expect(annotations).to.have.keys(["summary", "description"]);
      }
      for (const { title, description } of panels()) expect(description, title).to.match(/\.$/);
    });

    it("have rules that promtool accepts", () =>
      expect(run(".tools/bin/promtool", ["check", "rules", "--lint-fatal", RULES])).to.match(
        /SUCCESS(?![^]*exit code)/,
      ));
  });
});

interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
}
interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
}
interface Panel {
  readonly title: string;
  readonly description: string;
  readonly targets: readonly { readonly expr: string }[];
}

function alerts(): readonly Alert[] {
  const { groups } = parse(read(RULES)) as { groups: readonly { rules: readonly Alert[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

function panels(): readonly { title: string; description: string; targets: readonly string[] }[] {
  const { panels: all } = JSON.parse(read(DASHBOARD)) as { panels: readonly Panel[] };
  return all.map(({ targets, ...rest }) => ({ ...rest, targets: targets.map(({ expr }) => expr) }));
}

/** What an agent without any destination registers. */
async function listMetrics(): Promise<string[]> {
  const text = await metricsOf(new Board([], new Date(0))).text();
  return [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name = ""]) => name);
}

function readTexts(...texts: readonly ConfigText[]): AgentConfig {
  const config = readConfig(texts, readFlags([]), { env: {} });
  expect(config.notices).to.deep.equal([]);
  return config;
}

function checkDockerfile(text: string): void {
  const [problem] = validate(text);
  if (problem !== undefined)
    throw new Error(`line ${problem.range.start.line + 1}: ${JSON.stringify(problem.message)}`);
  expect(text).to.match(/^FROM \S+$/m);
}

/** The settings of a unit, by name. */
function readUnit(text: string): Map<string, string[]> {
  const settings = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    if (/^(#.*|\[\w+\]|)$/.test(line)) continue;
    const [, name = "", value = ""] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (name === "") throw new Error(`not a setting: ${line}`);
    settings.set(name, [...(settings.get(name) ?? []), value]);
  }
  return settings;
}

function nameOf(documents: readonly KubernetesObject[], wanted: string): string {
  return documents.find(({ kind }) => kind === wanted)?.metadata.name ?? "";
}

function valueOf(env: readonly { readonly name: string; readonly value?: string }[], wanted: string): string {
  return env.find(({ name }) => name === wanted)?.value ?? "";
}

function withFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "deploy-"));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ["--version"]).error === undefined;
}

/** @returns what the program prints, and its exit code if it fails */
function run(program: string, args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(program, args, { encoding: "utf8" });
  return `${stdout}${stderr}${status === 0 ? "" : `exit code ${status}`}`;
}
