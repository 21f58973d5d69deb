// ESLint rules about rooms: which room may import which, and that no files import each other in a circle.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import ts from "typescript";

/**
 * @typedef {object} Room
 * @property {string} path a folder (`provider/save/`) or a file, below the repository; the first that fits counts
 * @property {readonly string[]} imports paths that it may import; its own path is always allowed
 * @property {readonly string[]} [packages] beginnings of the names of packages that it may import. Default: all but Pulumi's
 * @property {string} why shown with each violation
 */

const PULUMI = "@pulumi/";

/** @param {string} root */
function withRoot(root) {
  /** @param {string} file */
  const name = (file) => relative(root, file).split(sep).join("/");

  /**
   * The source file that a relative specifier means.
   * @param {string} from @param {string} specifier
   */
  function target(from, specifier) {
    const base = resolve(dirname(from), specifier);
    const stem = base.replace(/\.js$/, "");
    return [`${stem}.ts`, join(stem, "index.ts"), base].find((path) => existsSync(path)) ?? base;
  }
  return { name, target };
}

/** @param {Room} room @param {string} path */
const fits = (room, path) => path === room.path || (room.path.endsWith("/") && path.startsWith(room.path));

/**
 * Calls `found` for every import, re-export and dynamic import whose specifier is a string.
 * @param {(node: any, specifier: string) => void} found
 */
function onImports(found) {
  /** @param {any} node */
  const visit = (node) => {
    if (typeof node.source?.value === "string") found(node.source, node.source.value);
  };
  return {
    ImportDeclaration: visit,
    ExportNamedDeclaration: visit,
    ExportAllDeclaration: visit,
    ImportExpression: visit,
  };
}

/**
 * An import that the table of rooms does not allow.
 * @param {string} root
 * @param {readonly Room[]} rooms
 */
export function arrows(root, rooms) {
  const { name, target } = withRoot(root);
  return {
    meta: { type: "problem", schema: [] },
    /** @param {any} context */
    create(context) {
      const file = name(context.filename);
      const room = rooms.find((one) => fits(one, file));
      if (room === undefined) return {};
      return onImports((node, specifier) => {
        if (specifier.startsWith(".")) {
          const path = name(target(context.filename, specifier));
          const allowed = fits(room, path) || room.imports.some((one) => fits({ ...room, path: one }, path));
          if (!allowed) context.report({ node, message: `${room.path} may not import ${path}. ${room.why}` });
          return;
        }
        const allowed = room.packages?.some((one) => specifier.startsWith(one));
        if (allowed ?? !specifier.startsWith(PULUMI)) return;
        context.report({ node, message: `${room.path} may not import ${specifier}. ${room.why}` });
      });
    },
  };
}

/**
 * Files that import each other in a circle, types included. A dynamic import begins no circle: it loads when it is called.
 * @param {string} root
 */
export function noCycle(root) {
  const { name, target } = withRoot(root);
  /** @type {Map<string, readonly string[]>} */
  const known = new Map();

  /** @param {string} file */
  function importsOf(file) {
    const found = known.get(file);
    if (found !== undefined) return found;
    const text = existsSync(file) && file.endsWith(".ts") ? readFileSync(file, "utf8") : "";
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
    const files = source.statements.flatMap((statement) => {
      const from =
        ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement) ? statement.moduleSpecifier : undefined;
      return from !== undefined && ts.isStringLiteral(from) && from.text.startsWith(".")
        ? [target(file, from.text)]
        : [];
    });
    known.set(file, files);
    return files;
  }

  /**
   * The shortest way along imports.
   * @param {string} from @param {string} to
   * @returns {string[] | undefined}
   */
  function way(from, to) {
    /** @type {Map<string, string | undefined>} */
    const cameFrom = new Map([[from, undefined]]);
    const queue = [from];
    for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
      if (at === to) {
        const path = [];
        for (let step = /** @type {string | undefined} */ (at); step !== undefined; step = cameFrom.get(step))
          path.unshift(step);
        return path;
      }
      for (const next of importsOf(at)) {
        if (cameFrom.has(next)) continue;
        cameFrom.set(next, at);
        queue.push(next);
      }
    }
    return undefined;
  }

  return {
    meta: { type: "problem", schema: [] },
    /** @param {any} context */
    create(context) {
      const { ImportExpression: _, ...static_ } = onImports((node, specifier) => {
        if (!specifier.startsWith(".")) return;
        const back = way(target(context.filename, specifier), context.filename);
        if (back === undefined) return;
        context.report({
          node,
          message: `These files import each other: ${[context.filename, ...back].map(name).join(" → ")}.`,
        });
      });
      return static_;
    },
  };
}
