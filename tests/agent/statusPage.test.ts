/** The status page of a running agent as a person sees it: in a browser, on a desk and on a phone, in light and in dark. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { fetch } from "undici";
import type { StatusJson } from "../../agent/http/statusJson";
import { type Browser, startChromium, whyNoChromium } from "../support/browser/chromium";
import { contrast, parseColor } from "../support/browser/contrast";
import type { BrowserPage } from "../support/browser/page";
import { countColors } from "../support/browser/pixels";
import { readShownText } from "../support/browser/shownText";
import { type ConsulServer, eventually, startConsul } from "../support/consul/consul";
import { temporaryFolder } from "../support/programs/saving";
import { type AgentRun, configFile, startAgent } from "./running";

const SCHEMES = ["light", "dark"] as const;
/** A desk, the narrowest screen on which destinations are a table, and a phone, in CSS pixels. */
const WIDTHS = [1280, 769, 360] as const;
/** What WCAG 2.1 asks for in its level AA. */
const LEAST_CONTRAST = 4.5;
/** The colors of "ok" and of a failure. */
const COLORS = {
  light: { page: "255,255,255", good: "27,110,60", bad: "176,0,32" },
  dark: { page: "17,17,17", good: "129,201,149", bad: "255,138,128" },
};
const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/;
const HOSTILE = `<script>document.title="hacked"</script><img src="http://evil.example/x" onerror="document.title='hacked'">`;

const obstacle = whyNoChromium();

describe(`the agent's status page in a browser${obstacle === undefined ? "" : ` (cannot run here: ${obstacle})`}`, function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  let browser: Browser;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const running = new Set<AgentRun>();

  before(async function () {
    if (obstacle !== undefined) this.skip();
    folder = await temporaryFolder();
    [consul, browser] = await Promise.all([startConsul(), startChromium()]);
  });
  after(async () => {
    if (obstacle !== undefined) return;
    for (const run of running) run.stop();
    await Promise.all([...running].map(({ ended }) => ended.catch(() => undefined)));
    await browser.stop();
    await consul.stop();
    await folder.remove();
  });

  /** Starts an agent with these destinations, waits until it has tried each, and gives the address of its page. */
  async function serve(name: string, destinations: readonly { name: string; path: string }[]): Promise<string> {
    const config = {
      http_addr: consul.address,
      snapshot: { interval: "1h", lock_key: `${name}/lock`, service: name, max_failures: 100 },
      backup_destinations: { local_storage: destinations },
      http: { address: "127.0.0.1:0" },
    };
    const run = startAgent(["-config-file", await configFile(folder.path, config, `${name}.json`)]);
    running.add(run);
    const [, address = ""] = /address=(\S+)/.exec(await run.line(/Serving HTTP/)) ?? [];
    const url = `http://${address}/`;
    await eventually("an attempt at each destination", async () => {
      const status = (await (await fetch(`${url}status`)).json()) as StatusJson;
      return status.destinations.every(({ last_snapshot_end: end }) => end !== null);
    });
    return url;
  }

  /** The cells of each row of each destination, as they are shown. */
  async function readRows(page: BrowserPage): Promise<readonly (readonly (readonly string[])[])[]> {
    const rows = await page.evaluate(
      "[...document.querySelectorAll('tbody')].map((body) => [...body.rows].map((row) => [...row.cells].map((cell) => cell.innerText)))",
    );
    return rows as string[][][];
  }

  async function expectLegible(page: BrowserPage, width: number): Promise<void> {
    expect(await page.evaluate("document.documentElement.scrollWidth"), "width of the content").to.be.at.most(width);
    const texts = await readShownText(page);
    expect(texts.map(({ text }) => text)).to.include("Consul snapshots");
    const body = parseColor(String(await page.evaluate("getComputedStyle(document.body).backgroundColor")));
    for (const { text, color, left, right, backgrounds } of texts) {
      expect(backgrounds, text).to.deep.equal(["BODY"]);
      expect(contrast(color, body), `contrast of "${text}" at ${width}`).to.be.at.least(LEAST_CONTRAST);
      expect(left, text).to.be.at.least(0);
      expect(right, text).to.be.at.most(width);
    }
    // A label's color does not depend on the state. On a phone each destination has its own.
    const labels = texts.filter(({ text }) => text === "State").map(({ color }) => JSON.stringify(color));
    expect(labels.length > 1).to.equal(width === 360);
    expect(new Set(labels).size).to.equal(1);
  }

  /** Opens a page that is legible on each screen; it has the width of the narrowest one. */
  async function openLegibly(url: string, scheme: (typeof SCHEMES)[number]): Promise<BrowserPage> {
    const page = await browser.open();
    for (const width of WIDTHS) {
      await page.view({ scheme, width });
      await page.goto(url);
      await expectLegible(page, width);
    }
    return page;
  }

  /** Expects of a screenshot that it shows a page in these colors, and keeps it with the other files of this run. */
  async function expectPicture(page: BrowserPage, scheme: (typeof SCHEMES)[number], name: string): Promise<void> {
    const png = await page.screenshot();
    await mkdir(join(folder.path, "screenshots"), { recursive: true });
    await writeFile(join(folder.path, "screenshots", `${name}-${scheme}.png`), png);
    const colors = await countColors(await browser.open(), png);
    const [[most] = []] = colors;
    expect(most, "the most frequent color").to.equal(COLORS[scheme].page);
    const all = [...colors.values()].reduce((sum, count) => sum + count, 0);
    const painted = 1 - (colors.get(COLORS[scheme].page) ?? 0) / all;
    expect(painted, "the part that is not background").to.be.within(0.01, 0.5);
    for (const color of [COLORS[scheme].good, COLORS[scheme].bad]) expect([...colors.keys()]).to.include(color);
  }

  describe("with a destination that receives its snapshots and one that fails", () => {
    let url: string;
    before(async () => {
      await writeFile(join(folder.path, "blocked"), "a file");
      url = await serve("two", [
        { name: "good", path: join(folder.path, "two") },
        // What is below a file cannot be a folder.
        { name: "bad", path: join(folder.path, "blocked", "x") },
      ]);
    });

    it("says of each its state, its newest snapshot and the next one, and why one fails", async () => {
      const page = await browser.open();
      await page.view({ scheme: "light", width: 1280 });
      await page.goto(url);
      expect(await page.evaluate("document.title")).to.equal("Consul snapshots");
      expect(
        await page.evaluate("[...document.querySelectorAll('h1, th')].map((each) => each.innerText)"),
      ).to.deep.equal(["Consul snapshots", "Destination", "State", "Newest snapshot", "Next snapshot"]);
      expect(await page.evaluate("document.querySelector('p').innerText")).to.match(
        /^This agent has led since .* UTC\. 1 of 2 destinations fails\.$/,
      );
      const [[good = []] = [], [bad = [], failure = []] = [], ...others] = await readRows(page);
      expect(others).to.deep.equal([]);
      expect(good.slice(0, 2)).to.deep.equal(["good", "ok"]);
      const [newest = "", archive] = good[2]?.split("\n") ?? [];
      expect(newest).to.match(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, \d+ min ago$/);
      expect(archive).to.match(/two\/consul-\d+\.snap$/);
      expect(good[3]).to.match(TIME);
      expect(bad[0]).to.equal("bad");
      expect(bad[1]).to.match(/^(1 failure|\d+ failures in a row)$/);
      expect(bad[2]).to.equal("none by this agent since it started");
      expect(bad[3]).to.match(TIME);
      expect(failure).to.have.lengthOf(1);
      expect(failure[0]).to.match(/blocked is a file, not a folder.* \([A-Z_]+\)\. [A-Z].*\.$/);
    });

    it("requests nothing but itself, runs no script, and its policy would not let one run", async () => {
      const page = await browser.open();
      await page.goto(url);
      expect(page.requests).to.deep.equal([url]);
      expect(await page.evaluate("document.scripts.length")).to.equal(0);
      expect(await page.evaluate("document.styleSheets.length"), "its style is in force").to.equal(1);
      expect(page.complaints).to.deep.equal([]);
      await page.evaluate(`new Promise((resolve) => {
        const script = document.createElement("script");
        script.textContent = "document.title = 'hacked'";
        const image = document.createElement("img");
        image.onerror = resolve;
        image.src = "/image";
        document.body.append(script, image);
      })`);
      expect(await page.evaluate("document.title")).to.equal("Consul snapshots");
      expect(page.complaints.join("\n"))
        .to.match(/inline script.*Content Security Policy/)
        .and.match(/image.*Content Security Policy/);
    });

    it("leads to what it links", async () => {
      const page = await browser.open();
      await page.goto(url);
      const links = (await page.evaluate("[...document.links].map((link) => link.href)")) as string[];
      expect(links).to.deep.equal(["health", "status", "metrics"].map((name) => `${url}${name}`));
      for (const link of links) {
        await page.goto(link);
        expect(await page.evaluate("document.body.innerText"), link).to.match(/bad/);
      }
    });

    for (const scheme of SCHEMES) {
      it(`is legible in ${scheme} colors on each screen`, async () => {
        const page = await openLegibly(url, scheme);
        await expectPicture(page, scheme, "phone");
        await page.view({ scheme, width: 1280 });
        await expectPicture(page, scheme, "desk");
      });
    }
  });

  describe("with 20 destinations, of which some have long or hostile names", () => {
    let url: string;
    let names: readonly string[];
    const warnings: string[] = [];
    const onWarning = ({ message }: Error): number => warnings.push(message);
    before(async () => {
      process.on("warning", onWarning);
      const blocked = join(folder.path, `${HOSTILE.replaceAll("/", "")}${"x".repeat(100)}`);
      await writeFile(blocked, "a file");
      names = Array.from({ length: 20 }, (_, at) =>
        at === 7 ? HOSTILE : at === 8 ? "long".repeat(30) : `number ${at}`,
      );
      url = await serve(
        "twenty",
        // Each third fails. The long path is in an error as in a column.
        names.map((name, at) => ({
          name,
          path: join(at % 3 === 1 ? blocked : join(folder.path, "twenty"), `${at}`),
        })),
      );
    });

    after(() => process.off("warning", onWarning));

    it("saves to all of them without a warning of Node.js", () => {
      expect(warnings).to.deep.equal([]);
    });

    it("shows each name and error as the text that it is", async () => {
      const page = await browser.open();
      await page.goto(url);
      const rows = await readRows(page);
      expect(rows.map(([row = []]) => row[0])).to.deep.equal(names);
      expect(rows.filter((body) => body.length === 2)).to.have.lengthOf(7);
      expect(rows[7]?.[1]?.[0]).to.include(HOSTILE.replaceAll("/", ""));
      expect(await page.evaluate("document.title")).to.equal("Consul snapshots");
      expect(await page.evaluate("document.querySelectorAll('script, img').length")).to.equal(0);
      expect(page.requests).to.deep.equal([url]);
      expect(page.complaints).to.deep.equal([]);
    });

    for (const scheme of SCHEMES) {
      it(`is legible in ${scheme} colors on each screen`, async () => {
        const page = await openLegibly(url, scheme);
        await expectPicture(page, scheme, "twenty");
      });
    }
  });
});
