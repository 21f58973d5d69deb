import { readdirSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import type { SeenRecord } from "../../../../provider/archive/reader";
import { bodyOf, bodyOfKind, typeName } from "../../../../provider/archive/recordTypeLookup";
import { CONFIG_ENTRY } from "../../../../provider/archive/recordTypes";
import { configEntryRequest, type FieldKind, fieldKind } from "../../../../provider/archive/state/fieldKinds";
import { type Content, isFields, wholeContentOf } from "../../../../provider/archive/state/normalForm";
import { consulArchive } from "../../../fixtures/consulArchives";
import { readArchive } from "../../../fixtures/reading";

const FOLDER = path.resolve(__dirname, "../../../fixtures/consul-archives");
const ARCHIVES = readdirSync(FOLDER).flatMap((file) => /^(.*)\.snap$/.exec(file)?.[1] ?? []);

/** The paths of fields that the table of structs does not have. */
function unknownFields(kind: FieldKind, content: Content, at: string): string[] {
  if (kind.is === "packed") return unknownFields(kind.inner, content, at);
  if (kind.is === "list" || kind.is === "map") {
    const items = typeof content === "object" && content !== null ? Object.values<Content>(content) : [];
    return items.flatMap((item) => unknownFields(kind.item, item, at));
  }
  if (kind.is !== "struct" || !isFields(content)) return [];
  return Object.entries(content).flatMap(([name, value]) => {
    const field = kind.struct.field(name);
    return field === undefined ? [`${at}.${name}`] : unknownFields(field.kind, value, `${at}.${name}`);
  });
}

function unknownIn({ type, value }: SeenRecord): string[] {
  const content = value && wholeContentOf(type, value);
  if (content === undefined) return [`${typeName(type)}: cannot be read`];
  if (type !== CONFIG_ENTRY) {
    const body = bodyOf(type);
    return body === undefined ? [`type ${type}`] : unknownFields(fieldKind(body), content, typeName(type));
  }
  const [kind, request = null] = content as readonly [string, Content?];
  const body = bodyOfKind(kind.slice(1));
  return body === undefined ? [`kind ${kind}`] : unknownFields(configEntryRequest(body), request, kind);
}

describe("the table of Consul's structs", () => {
  for (const name of ARCHIVES) {
    it(`has each field of a real archive: ${name}`, async () => {
      const unknown = new Set<string>();
      let records = 0;
      const see = (record: SeenRecord): void => {
        records++;
        for (const field of unknownIn(record)) unknown.add(field);
      };
      await readArchive(consulArchive(name), undefined, { see });
      expect(records).to.be.above(0);
      expect([...unknown]).to.deep.equal([]);
    });
  }
});
