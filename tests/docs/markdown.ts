/** The project's pages as Markdown: which there are, and the links, headings and code blocks that they hold. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A link or picture of a page. */
export interface Link {
  /** As it is written, with its `#anchor`. */
  readonly target: string;
  readonly line: number;
}

/** A fenced block of code. */
export interface CodeBlock {
  /** As it stands behind the fence, such as `ts`. */
  readonly language: string;
  readonly code: string;
  /** Of the block's first line of code. */
  readonly line: number;
}

const FENCE = /^```(\w*)$/;
/** `[text](target)` and `![alt](target)`, also where the text is a picture itself. */
const LINK = /\]\(([^)\s]+)\)/g;
/** Pictures that differ between light and dark are written as HTML. */
const SOURCE = /\b(?:src|srcset|href)="([^"]+)"/g;

/**
 * Every page of the project: those of docs/ and of examples/, and the ones beside package.json.
 *
 * @returns paths from the repository's root, sorted
 */
export function listPages(): string[] {
  const inFolders = ["docs", "examples"].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => !path.includes("node_modules"))
      .map((path) => join(folder, path)),
  );
  return [...readdirSync("."), ...inFolders].filter((path) => path.endsWith(".md")).sort();
}

export function linksOf(page: string): Link[] {
  return proseOf(page).flatMap(({ text, line }) => {
    const withoutCode = text.replaceAll(/`[^`]*`/g, "``");
    const found = [...withoutCode.matchAll(LINK), ...withoutCode.matchAll(SOURCE)];
    return found.map(([, target = ""]) => ({ target, line }));
  });
}

/** The anchors that GitHub gives the page's headings. */
export function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const { text } of proseOf(page)) {
    const heading = /^#+ (.*)$/.exec(text)?.[1];
    if (heading === undefined) continue;
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(/\s/g, "-");
    const repeated = (count: number): string => (count === 0 ? slug : `${slug}-${count}`);
    let count = 0;
    while (anchors.has(repeated(count))) count += 1;
    anchors.add(repeated(count));
  }
  return anchors;
}

export function codeBlocksOf(page: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const { text, line } of linesOf(page)) {
    const fence = FENCE.exec(text);
    if (open === undefined) {
      if (fence !== null) open = { language: fence[1] ?? "", line: line + 1, lines: [] };
    } else if (fence !== null) {
      blocks.push({ language: open.language, line: open.line, code: open.lines.join("\n") });
      open = undefined;
    } else {
      open.lines.push(text);
    }
  }
  if (open !== undefined) throw new Error(`${page}:${open.line}: the block has no end`);
  return blocks;
}

/** The lines outside of blocks of code. */
function proseOf(page: string): { readonly text: string; readonly line: number }[] {
  let inBlock = false;
  return linesOf(page).filter(({ text }) => {
    const fence = FENCE.test(text);
    if (fence) inBlock = !inBlock;
    return !fence && !inBlock;
  });
}

function linesOf(page: string): { readonly text: string; readonly line: number }[] {
  return readFileSync(page, "utf8")
    .split("\n")
    .map((text, index) => ({ text, line: index + 1 }));
}
