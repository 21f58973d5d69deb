/** Whether the servers that get the files of deploy/ would accept them, and whether these tests notice if not. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { listKubernetesProblems } from "./kubernetesProblems";
import { codeBlocksOf, listPages } from "./markdown";
import { listNomadProblems } from "./nomadProblems";
import { readYaml } from "./yamlDocuments";

const NOMAD = "deploy/nomad/consul-snapshot.nomad.hcl";
const KUBERNETES = "deploy/kubernetes";
const CRON_JOB = join(KUBERNETES, "cronjob.yaml");

const read = (file: string): string => readFileSync(file, "utf8");

describe("Nomad", () => {
  it("has a job that contains only what Nomad's API knows, formatted as nomad does", () => {
    expect(listNomadProblems(read(NOMAD))).to.equal("");
  });

  for (const { what, text, replacement, problem } of [
    {
      what: "an unknown block",
      text: "ephemeral_disk {",
      replacement: "ephemral_disk {",
      problem: /type "ephemral_disk"/,
    },
    {
      what: "an unknown attribute",
      text: "kill_timeout =",
      replacement: "kill_timeot  =",
      problem: /named "kill_timeot"/,
    },
    {
      what: "a number that is none",
      text: "count = 3",
      replacement: 'count = "three"',
      problem: /a number is required/,
    },
    { what: "a list for a number", text: "size = 5000", replacement: "size = [5000]", problem: /number required/ },
    { what: "a duration without unit", text: '"15s"', replacement: '"15"', problem: /missing unit in duration/ },
    {
      what: "a block without label",
      text: 'task "agent" {',
      replacement: "task {",
      problem: /Missing name for task/,
    },
    { what: "a block that is never closed", text: / {4}\}\n {2}\}\n\}\n$/, replacement: "", problem: /Unclosed/ },
    { what: "another format", text: "count = 3", replacement: "count   =  3", problem: /not formatted/ },
  ]) {
    it(`would notice ${what}`, () => {
      const job = read(NOMAD).replace(text, replacement);
      expect(job).to.not.equal(read(NOMAD));
      expect(listNomadProblems(job)).to.match(problem);
    });
  }
});

describe("Kubernetes", () => {
  it("gets objects that its schemas accept, from deploy/, from examples/ and from every page", async () => {
    const objects = [...kubernetesFiles(), ...kubernetesBlocks()];
    const places = objects.map(({ place }) => place);
    expect(places).to.include.members(readdirSync(KUBERNETES).map((file) => join(KUBERNETES, file)));
    expect(places.some((place) => place.startsWith("docs/how-to/schedule-backups.md:"))).to.equal(true);
    for (const { place, object } of objects) {
      expect(await listKubernetesProblems(object), place).to.deep.equal([]);
    }
  });

  for (const { what, text, replacement, problem } of [
    {
      what: "a misspelt field",
      text: "readOnlyRootFilesystem",
      replacement: "readOnlyRootFilesytem",
      problem: "/containers/0/securityContext/readOnlyRootFilesytem is unknown",
    },
    {
      what: "a misspelt field of the object itself",
      text: "\nspec:",
      replacement: "\nspecs:",
      problem: "/specs is unknown",
    },
    {
      what: "a wrong type",
      text: "backoffLimit: 2",
      replacement: "backoffLimit: two",
      problem: "/jobTemplate/spec/backoffLimit must be integer",
    },
    {
      what: "a missing field",
      text: /schedule: .*/,
      replacement: "suspend: false",
      problem: "/spec must have required property schedule",
    },
    {
      what: "a value that is none of the possible ones",
      text: "concurrencyPolicy: Forbid",
      replacement: "concurrencyPolicy: Never",
      problem: "/concurrencyPolicy must be equal to one of the allowed values",
    },
    {
      what: "a kind without schema",
      text: "kind: CronJob",
      replacement: "kind: CronJb",
      problem: "there is no schema of CronJb in batch/v1",
    },
    {
      what: "an API without schema",
      text: "apiVersion: batch/v1",
      replacement: "apiVersion: batch/v2",
      problem: "there is no schema of CronJob in batch/v2",
    },
  ]) {
    it(`would notice ${what}`, async () => {
      const changed = read(CRON_JOB).replace(text, replacement);
      expect(changed).to.not.equal(read(CRON_JOB));
      const problems = await listKubernetesProblems(parse(changed) as object);
      expect(problems.join("\n")).to.include(problem);
    });
  }
});

interface PlacedObject {
  /** The file, and for a page the line. */
  readonly place: string;
  readonly object: object;
}

/** The documents of deploy/kubernetes/, and each document of an example that is an object of Kubernetes. */
function kubernetesFiles(): PlacedObject[] {
  const inFolder = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => /\.ya?ml$/.test(path) && !path.includes("node_modules"))
      .map((path) => join(folder, path));
  return [
    ...inFolder(KUBERNETES).flatMap((place) => documentsOf(place, read(place))),
    ...inFolder("examples").flatMap((place) => documentsOf(place, read(place)).filter(isKubernetesObject)),
  ];
}

/** The objects of Kubernetes that pages show. */
function kubernetesBlocks(): PlacedObject[] {
  return listPages().flatMap((page) =>
    codeBlocksOf(page)
      .filter(({ language }) => /^ya?ml$/.test(language))
      .flatMap(({ code, line }) => documentsOf(`${page}:${line}`, code))
      .filter(isKubernetesObject),
  );
}

function documentsOf(place: string, text: string): PlacedObject[] {
  return readYaml(text)
    .filter((document) => typeof document === "object" && document !== null)
    .map((object) => ({ place, object }));
}

function isKubernetesObject({ object }: PlacedObject): boolean {
  return "apiVersion" in object || "kind" in object;
}
