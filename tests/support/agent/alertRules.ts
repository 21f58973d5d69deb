/** The alert rules of `deploy/`, evaluated by Prometheus's own tool on metrics that agents have served. */

import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { temporaryFolder } from "../programs/saving";

const PROMTOOL = resolve(".tools/bin/promtool");
const RULES = resolve("deploy/prometheus/rules.yaml");

/** An alert that fires, with the destination that it is about. */
export type Firing = readonly [alert: string, destination?: string];

/** What each agent has served, for Prometheus. */
export class Scrapes {
  readonly #instances = new Map<string, Map<number, string | undefined>>();

  /** @param everyMinutes - between scrapes; Prometheus forgets a value after five minutes */
  constructor(
    private readonly everyMinutes: number,
    /** What is subtracted from times of the metrics, in seconds: for Prometheus's tool, time begins at zero. */
    private readonly startSeconds = 0,
  ) {}

  /** @param text - what it serves from this minute on; `undefined`: it cannot be scraped */
  add(instance: string, minute: number, text: string | undefined): void {
    const texts = this.#instances.get(instance) ?? new Map<number, string | undefined>();
    texts.set(Math.ceil(minute / this.everyMinutes), text);
    this.#instances.set(instance, texts);
  }

  /** Expects that exactly these alerts fire at each of the minutes. */
  async expectFiring(expected: readonly (readonly [minute: number, firing: readonly Firing[]])[]): Promise<void> {
    const last = Math.max(...expected.map(([minute]) => minute));
    const count = Math.ceil(last / this.everyMinutes) + 1;
    const test = {
      rule_files: [RULES],
      evaluation_interval: "1m",
      tests: [
        {
          interval: `${this.everyMinutes}m`,
          input_series: [...this.#instances].flatMap(([instance, texts]) => this.#seriesOf(instance, texts, count)),
          promql_expr_test: expected.map(([minute, firing]) => ({
            expr: 'count by (alertname, destination) (ALERTS{alertstate="firing"})',
            eval_time: `${Math.round(minute)}m`,
            exp_samples: firing.map(([alertname, destination]) => ({
              labels: `{alertname="${alertname}"${destination === undefined ? "" : `, destination="${destination}"`}}`,
              value: 1,
            })),
          })),
        },
      ],
    };
    const folder = await temporaryFolder();
    try {
      // JSON is YAML.
      const file = join(folder.path, "test.json");
      await writeFile(file, JSON.stringify(test));
      const { status, stdout, stderr } = spawnSync(PROMTOOL, ["test", "rules", file], { encoding: "utf8" });
      expect(status, stdout + stderr).to.equal(0);
    } finally {
      await folder.remove();
    }
  }

  #seriesOf(
    instance: string,
    texts: ReadonlyMap<number, string | undefined>,
    count: number,
  ): readonly { readonly series: string; readonly values: string }[] {
    const known = new Map<string, string[]>();
    let text: string | undefined;
    for (let scrape = 0; scrape < count; scrape++) {
      if (texts.has(scrape)) text = texts.get(scrape);
      for (const [, name = "", labels = "", value = ""] of (text ?? "").matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)) {
        const all = [labels, 'job="agents"', `instance="${instance}"`].filter((part) => part !== "").join(",");
        const series = `${name}{${all}}`;
        const values = known.get(series) ?? [];
        const shown = name.endsWith("_timestamp_seconds") ? String(Number(value) - this.startSeconds) : value;
        known.set(series, [...values, ...missing(scrape - values.length), shown]);
      }
    }
    return [...known].map(([series, values]) => ({
      series,
      values: [...values, ...missing(count - values.length)].join(" "),
    }));
  }
}

/** `_` is a scrape without the series. */
function missing(scrapes: number): string[] {
  return Array.from({ length: scrapes }, () => "_");
}
