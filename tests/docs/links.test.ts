import { existsSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect } from "chai";
import { anchorsOf, linksOf, listPages } from "./markdown";

const INDEX = "docs/README.md";

describe("links of the documentation", () => {
  for (const page of listPages()) {
    it(`lead somewhere: ${page}`, () => {
      const broken = linksOf(page).filter(({ target }) => !leadsSomewhere(page, target));
      expect(broken.map(({ target, line }) => `${page}:${line}: ${target}`)).to.deep.equal([]);
    });
  }

  it("reach every page and every picture of docs/ from its index", () => {
    const reached = new Set<string>();
    const open = [INDEX];
    for (let page = open.pop(); page !== undefined; page = open.pop()) {
      if (reached.has(page)) continue;
      reached.add(page);
      if (!page.endsWith(".md")) continue;
      for (const { target } of linksOf(page)) if (!isOutside(target)) open.push(split(page, target).file);
    }
    const pages = listPages().filter((page) => page.startsWith("docs/"));
    const pictures = readdirSync("docs/images").map((name) => `docs/images/${name}`);
    const unreached = [...pages, ...pictures].filter((path) => !reached.has(path));
    expect(unreached).to.deep.equal([]);
  });
});

function leadsSomewhere(page: string, target: string): boolean {
  if (isOutside(target)) return true;
  const { file, anchor } = split(page, target);
  if (file.startsWith("..") || !existsSync(file)) return false;
  return anchor === undefined || (file.endsWith(".md") && anchorsOf(file).has(anchor));
}

function isOutside(target: string): boolean {
  return /^(https?|mailto):/.test(target);
}

function split(page: string, target: string): { readonly file: string; readonly anchor?: string } {
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? page : normalize(join(dirname(page), path));
  return anchor === undefined ? { file } : { file, anchor };
}
