/** The documents of a YAML file. */

import { parseAllDocuments } from "yaml";

/** @throws also for what is only a warning */
export function readYaml(text: string): unknown[] {
  return parseAllDocuments(text).map((document) => {
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw problem;
    return document.toJS() as unknown;
  });
}
