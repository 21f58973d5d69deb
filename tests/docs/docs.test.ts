import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { renew, shownIn } from "./page";
import { PAGES } from "./pages";

for (const { file, play } of PAGES) {
  describe(file, function () {
    this.timeout(300_000);

    it("shows what the commands print today; if not, `npm run docs` writes it", async () => {
      const written = await readFile(file, "utf8");
      const renewed = renew(written, await play());
      for (const [name, shown] of shownIn(renewed)) expect(shownIn(written).get(name), name).to.equal(shown);
      expect(renewed).to.equal(written);
    });
  });
}

describe("a page with blocks that commands write", () => {
  const page = "<!-- scene: a -->\n```console\nold\n```\n\n```console\nby hand\n```\n";

  it("gets what its scenes show, and keeps the rest", () => {
    expect(renew(page, new Map([["a", "$ new $& $1\n\n"]]))).to.equal(page.replace("old", () => "$ new $& $1"));
  });

  it("is refused when a block has no scene, or a scene no block", () => {
    expect(() => renew(page, new Map())).to.throw("there is no scene named a");
    const scenes = new Map([
      ["a", "x"],
      ["b", "y"],
    ]);
    expect(() => renew(page, scenes)).to.throw("no block shows the scenes b");
  });
});
