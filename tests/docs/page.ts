/** Pages of docs/ that show what commands print: `npm run docs` writes those blocks, a test compares them. */

export interface Page {
  /** From the repository's root. */
  readonly file: string;
  /** Plays the scenes with real parts, and gives by name what each block shows. */
  readonly play: () => Promise<ReadonlyMap<string, string>>;
}

/** A fenced block below `<!-- scene: name -->`. */
const BLOCK = /(<!-- scene: ([\w-]+) -->\n```\w*\n)([\s\S]*?)(?=^```$)/gm;

/**
 * The page with its marked blocks as the scenes give them.
 *
 * @throws Error when a block has no scene, or a scene no block
 */
export function renew(markdown: string, scenes: ReadonlyMap<string, string>): string {
  const unused = new Set(scenes.keys());
  const renewed = markdown.replaceAll(BLOCK, (_block, head: string, name: string) => {
    const shown = scenes.get(name);
    if (shown === undefined) throw new Error(`there is no scene named ${name}`);
    unused.delete(name);
    return `${head}${shown.trimEnd()}\n`;
  });
  if (unused.size > 0) throw new Error(`no block shows the scenes ${[...unused].join(", ")}`);
  return renewed;
}

/** What the marked blocks show now, by the names of their scenes. */
export function shownIn(markdown: string): Map<string, string> {
  return new Map([...markdown.matchAll(BLOCK)].map(([, , name = "", shown = ""]) => [name, shown]));
}
