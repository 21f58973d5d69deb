/**
 * The template of a prepared query. Consul compiles and renders it once during a restore, and crashes if that
 * fails: agent/consul/prepared_query/template.go, Consul 1.13.9 ("Bad Template.Type", "Bad format", "Bad evaluation", "Bad
 * Regexp").
 */

import { isGoRegexp } from "./goRegexp";
import { Head } from "./head";
import type { StructFields } from "./structFields";

/** Maximum depth of nesting; no real expression is as deep. */
const MAX_DEPTH = 50;
/** Maximum length of the expressions of a query, together: each character is looked at several times. */
const MAX_LENGTH = 32 * 1024;
/** Maximum number of strings with expressions. */
const MAX_TEMPLATES = 5000;
const BEGINNING = "${";

/**
 * @param query - a query whose fields are of the right kinds
 * @returns what is wrong, as the end of a sentence about the record
 */
export function queryTemplateProblem(query: StructFields): string | undefined {
  const template = query.fields("Template");
  const type = template?.text("Type") ?? "";
  if (template === undefined || type === "") return undefined;
  if (type !== "name_prefix_match") return "has a template of a type that Consul does not have";
  if (!isGoRegexp(template.text("Regexp"))) return "has a template with a regular expression that Go may not compile";
  const isRendered = areTemplates(templatesOf(query, "Service"));
  return isRendered ? undefined : "has a template that Consul may not compile";
}

/** All strings with expressions in a field, at any depth, except the keys of maps. */
function templatesOf(fields: StructFields, name: string): string[] {
  const found: string[] = [];
  const head = new Head();
  fields.visit(name, (buffer, at) => {
    // Where it is nowhere, the strings need not be looked at one by one.
    if (buffer.includes(BEGINNING, at)) visitStrings(buffer, at, head, found);
  });
  return found;
}

/** @returns where the value ends */
function visitStrings(buffer: Buffer, at: number, head: Head, found: string[]): number {
  const { kind, length, content, end } = head.read(buffer, at);
  if (kind === "raw") {
    const text = buffer.toString("latin1", content, end);
    if (text.includes(BEGINNING) && found.length <= MAX_TEMPLATES) found.push(text);
  }
  if (kind !== "list" && kind !== "map") return end;
  let next = content;
  for (let i = 0; i < length; i++) {
    if (kind === "map") next = head.readKey(buffer, next).end;
    next = visitStrings(buffer, next, head, found);
  }
  return next;
}

/** Templates in the language HIL: text with expressions `${…}`. A doubled dollar sign escapes: `$${` is text, `$$${` is not. */
function areTemplates(texts: readonly string[]): boolean {
  if (texts.length > MAX_TEMPLATES) return false;
  let left = MAX_LENGTH;
  try {
    for (const text of texts) {
      for (let from = 0, at = text.indexOf(BEGINNING); at !== -1; at = text.indexOf(BEGINNING, from)) {
        let signs = 1;
        while (at - signs >= from && text[at - signs] === "$") signs += 1;
        const isEscaped = signs % 2 === 0;
        from = isEscaped ? at + 2 : new Expression(text.slice(0, at + 2 + left), at + 2).end();
        if (!isEscaped) left -= from - at;
      }
    }
    return left >= 0;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}

class Refused extends Error {}

type Type = "string" | "number" | "boolean";

const VARIABLES: readonly string[] = ["name.full", "name.prefix", "name.suffix", "agent.segment"];

/** An expression whose evaluation cannot fail: every operand has the type of its operator, and there is no division. */
class Expression {
  private depth = 0;

  constructor(
    private readonly text: string,
    private at: number,
  ) {}

  /** @returns where the text continues after the closing brace */
  end(): number {
    this.choice();
    if (!this.take(/\s*\}/y)) throw new Refused();
    return this.at;
  }

  private choice(): Type {
    if (++this.depth > MAX_DEPTH) throw new Refused();
    let type = this.logical();
    if (this.take(/\s*\?/y)) {
      const one = this.choice();
      if (type !== "boolean" || !this.take(/\s*:/y) || this.choice() !== one) throw new Refused();
      type = one;
    }
    this.depth -= 1;
    return type;
  }

  private logical(): Type {
    const type = this.comparison();
    while (this.take(/\s*(?:&&|\|\|)/y)) if (type !== "boolean" || this.comparison() !== type) throw new Refused();
    return type;
  }

  private comparison(): Type {
    const type = this.sum();
    if (this.take(/\s*[=!]=/y)) {
      if (this.sum() !== type) throw new Refused();
      return "boolean";
    }
    if (!this.take(/\s*[<>]=?/y)) return type;
    if (type !== "number" || this.sum() !== type) throw new Refused();
    return "boolean";
  }

  private sum(): Type {
    const type = this.term();
    while (this.take(/\s*[+*-]/y)) if (type !== "number" || this.term() !== type) throw new Refused();
    return type;
  }

  private term(): Type {
    if (this.take(/\s*\(/y)) {
      const type = this.choice();
      if (!this.take(/\s*\)\s*/y)) throw new Refused();
      return type;
    }
    if (this.take(/\s*(?:true|false)\b\s*/y)) return "boolean";
    if (this.take(/\s*"[^"\\$\n]*"\s*/y)) return "string";
    if (this.take(/\s*\d{1,9}\b\s*/y)) return "number";
    if (this.take(/\s*match\(/y)) {
      if (this.choice() !== "number" || !this.take(/\s*\)\s*/y)) throw new Refused();
      return "string";
    }
    const from = this.at;
    if (!this.take(/\s*[a-z]+\.[a-z]+\s*/y)) throw new Refused();
    if (!VARIABLES.includes(this.text.slice(from, this.at).trim())) throw new Refused();
    return "string";
  }

  private take(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    if (!pattern.test(this.text)) return false;
    this.at = pattern.lastIndex;
    return true;
  }
}
