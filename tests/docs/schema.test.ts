import { readFileSync } from "node:fs";
import { expect } from "chai";
import ts from "typescript";
import { parse } from "yaml";
import manifest from "../../package.json";
import { CONFIGURATION } from "../../provider/args/tables/configuration";
import { CONNECTION } from "../../provider/args/tables/connection";
import { NOUNS } from "../../provider/args/tables/nouns";
import { OUTPUT_OBJECTS, type OutputNoun, type OutputTable } from "../../provider/args/tables/outputs";
import type { Row, Table } from "../../provider/args/tables/row";
import { FUNCTIONS, type ProviderFunction } from "../../provider/functions/functions";
import { renewTables, tableOf } from "./argumentTables";
import { markersIn, renewFunctionTables } from "./functionTables";
import { CLASSES, OUTPUT_INTERFACES, outputTypeOf } from "./outputTypes";
import { SCHEMA_FILE, schemaText } from "./pluginSchema";

interface Property {
  readonly type?: string;
  readonly $ref?: string;
  readonly items?: Property;
  readonly oneOf?: readonly Property[];
  readonly description?: string;
  readonly default?: unknown;
  readonly defaultInfo?: { readonly environment: readonly string[] };
  readonly secret?: boolean;
  readonly willReplaceOnChanges?: boolean;
}

interface ObjectType {
  readonly properties?: Readonly<Record<string, Property>>;
  readonly required?: readonly string[];
  readonly enum?: readonly { readonly value: string }[];
}

interface Resource extends ObjectType {
  readonly inputProperties: Readonly<Record<string, Property>>;
  readonly requiredInputs: readonly string[];
  readonly listInputs?: ObjectType;
}

interface Schema extends Readonly<Record<string, unknown>> {
  readonly config: { readonly variables: Readonly<Record<string, Property>> };
  readonly provider: { readonly inputProperties: Readonly<Record<string, Property>> };
  readonly types: Readonly<Record<string, ObjectType>>;
  readonly resources: Readonly<Record<string, Resource>>;
  readonly functions: Readonly<
    Record<string, { readonly description: string; readonly inputs: ObjectType; readonly outputs: ObjectType }>
  >;
}

const FUNCTIONS_PAGE = "docs/reference/functions.md";

/** The arguments of each class. */
const ARGUMENTS: Readonly<Record<string, Table>> = {
  ConsulSnapshot: NOUNS.snapshot,
  ConsulSnapshotRestore: NOUNS.restore,
};

function tokenOf(noun: string): string {
  return `consul-snapshot:index:${noun.charAt(0).toUpperCase()}${noun.slice(1)}`;
}

/** The objects that outputs contain, also within others. */
function objectsOf(table: OutputTable): OutputNoun[] {
  return Object.values(table).flatMap(({ kind }) => {
    if (kind.type !== "object" && kind.type !== "list") return [];
    const { fields }: { readonly fields: OutputTable } = OUTPUT_OBJECTS[kind.of];
    return [kind.of, ...objectsOf(fields)];
  });
}

function schema(): Schema {
  return JSON.parse(readFileSync(SCHEMA_FILE, "utf8")) as Schema;
}

/** Every `$ref` below a value. */
function references(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "$ref" && typeof inner === "string" ? [inner] : references(inner),
  );
}

interface Member {
  readonly name: string;
  readonly type: string;
  /** Whether the SDK writes it with a question mark. */
  readonly isOptional: boolean;
  readonly documentation: string;
}

function membersIn(file: string, name: string): Member[] {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  const found = source.statements.find(
    (each) => (ts.isClassDeclaration(each) || ts.isInterfaceDeclaration(each)) && each.name?.text === name,
  ) as ts.ClassDeclaration | ts.InterfaceDeclaration | undefined;
  return [...(found?.members ?? [])].flatMap((member): Member[] => {
    if (!ts.isPropertyDeclaration(member) && !ts.isPropertySignature(member)) return [];
    const [comment] = ts.getJSDocCommentsAndTags(member);
    return [
      {
        name: member.name.getText(),
        type: member.type?.getText() ?? "",
        isOptional: member.questionToken !== undefined,
        documentation: ts.getTextOfJSDocComment(comment?.comment)?.replaceAll(/\s+/g, " ") ?? "",
      },
    ];
  });
}

describe("the plugin's schema", () => {
  it("is what the tables define; if not, `npm run docs -- arguments` writes it", () => {
    expect(readFileSync(SCHEMA_FILE, "utf8")).to.equal(schemaText());
  });

  it("has the fields that Pulumi's Registry demands", () => {
    const { name, version, displayName, publisher, logoUrl, keywords, repository, pluginDownloadURL } = schema();
    expect({ name, version }).to.deep.equal({ name: "consul-snapshot", version: manifest.version });
    for (const text of [displayName, publisher, logoUrl, repository, pluginDownloadURL]) {
      expect(text).to.be.a("string").that.is.not.empty;
    }
    expect(keywords).to.include.members(["category/infrastructure", "kind/native"]);
  });

  it("has a logo, and the pages that Pulumi's Registry shows, with the settings of the tables", () => {
    expect(readFileSync("docs/registry/logo.svg", "utf8")).to.match(/^<svg [^>]*viewBox=[^]*<\/svg>\n$/);
    for (const name of ["_index", "installation-configuration"]) {
      const page = readFileSync(`docs/registry/${name}.md`, "utf8");
      const [, header = ""] = /^---\n([^]*?)\n---\n/.exec(page) ?? [];
      expect(Object.keys(parse(header) as object), name).to.include.members(["title", "meta_desc", "layout"]);
      expect(renewTables(page), name).to.equal(page);
    }
    expect(readFileSync("docs/registry/installation-configuration.md", "utf8")).to.include(tableOf("provider"));
  });

  it("refers to no type that it does not define", () => {
    const defined = Object.keys(schema().types).map((name) => `#/types/${name}`);
    const used = references(schema()).filter((name) => name !== "pulumi.json#/Any");
    expect(used).to.not.be.empty;
    expect(used.filter((name) => !defined.includes(name))).to.deep.equal([]);
    expect(defined.filter((name) => !used.includes(name))).to.deep.equal([]);
  });

  for (const { name, file, outputs } of CLASSES) {
    const args = ARGUMENTS[name] ?? {};
    const resource = (): Resource => schema().resources[`consul-snapshot:index:${name}`]!;

    it(`${name} has the arguments of its table: required, secret, with what a change does`, () => {
      const { inputProperties, requiredInputs } = resource();
      const table: Table = args;
      expect(Object.keys(inputProperties)).to.deep.equal(Object.keys(table));
      for (const [argument, row] of Object.entries(table)) {
        const property = inputProperties[argument];
        expect(requiredInputs.includes(argument), argument).to.equal(row.required === true);
        expect(property?.secret, argument).to.equal(row.secret);
        expect(property?.willReplaceOnChanges, argument).to.equal(row.effect === "replace" ? true : undefined);
        expect(property?.default, argument).to.equal(row.default);
      }
    });

    it(`${name} has the outputs of its class, with the same types and comments`, () => {
      const members = membersIn(file, name);
      expect(members).to.deep.equal(
        Object.entries(outputs).map(([output, { kind, optional, documentation }]) => ({
          name: output,
          type: `pulumi.Output<${outputTypeOf(kind)}${optional === true ? " | undefined" : ""}>`,
          isOptional: false,
          documentation,
        })),
      );
      const stored = Object.entries(args).flatMap(([argument, { effect }]) => (effect === "none" ? [] : [argument]));
      expect(Object.keys(resource().properties ?? {})).to.have.members([
        ...stored,
        ...members.map((each) => each.name),
      ]);
      const optional = Object.entries(outputs).filter(([, row]) => row.optional === true);
      for (const [output] of optional) expect(resource().required).to.not.include(output);
    });
  }

  for (const [noun, name] of Object.entries(OUTPUT_INTERFACES)) {
    it(`the objects of ${name} have the same fields in the SDK and the tables`, () => {
      const { fields }: { readonly fields: OutputTable } = OUTPUT_OBJECTS[noun as OutputNoun];
      expect(membersIn("sdk/args.ts", name)).to.deep.equal(
        Object.entries(fields).map(([field, { kind, optional, documentation }]) => ({
          name: field,
          type: outputTypeOf(kind),
          isOptional: optional === true,
          documentation,
        })),
      );
    });
  }

  it("requires what an object always has, and nothing else: generated SDKs fail where a required field is absent", () => {
    const { types } = schema();
    const required = Object.keys(OUTPUT_OBJECTS).map((noun) => [noun, types[tokenOf(noun)]?.required] as const);
    const always = Object.entries(OUTPUT_OBJECTS).map(([noun, { fields }]) => {
      const rows = Object.entries(fields as OutputTable);
      return [noun, rows.filter(([, { optional }]) => optional !== true).map(([field]) => field)] as const;
    });
    expect(Object.fromEntries(required)).to.deep.equal(Object.fromEntries(always));
    expect(types[tokenOf("restorable")]?.required).to.not.include("knownBy");
  });

  it("configures every setting of a connection but `config`, and lets no SDK copy a variable or a default into state", () => {
    const { config, provider, types } = schema();
    const settings: Table = Object.fromEntries(Object.entries(CONNECTION).filter(([name]) => name !== "config"));
    const names = [...Object.keys(settings), ...Object.keys(CONFIGURATION)];
    expect(Object.keys(config.variables)).to.deep.equal(names);
    expect(Object.keys(provider.inputProperties)).to.deep.equal(names);
    const rows: Readonly<Record<string, Row>> = { ...settings, ...CONFIGURATION };
    for (const [name, { secret, environment }] of Object.entries(rows)) {
      expect(config.variables[name]?.secret, name).to.equal(secret);
      expect(provider.inputProperties[name]?.secret, name).to.equal(secret);
      const variable = environment?.values === undefined ? environment?.variable : undefined;
      expect(config.variables[name]?.defaultInfo?.environment[0], name).to.equal(variable);
      expect(provider.inputProperties[name], name).to.not.have.property("defaultInfo");
    }
    const connection = types["consul-snapshot:index:Connection"]?.properties ?? {};
    expect(Object.keys(connection)).to.deep.equal(Object.keys(settings));
    for (const property of Object.values(connection)) expect(property).to.not.have.any.keys("default", "defaultInfo");
  });

  for (const [name, { documentation, inputs, outputs }] of Object.entries<ProviderFunction>(FUNCTIONS)) {
    it(`${name} has the inputs and outputs of its table, and the reference shows them`, () => {
      const { description, ...written } = schema().functions[`consul-snapshot:index:${name}`]!;
      expect(description).to.equal(documentation);
      expect(Object.keys(written.inputs.properties ?? {})).to.deep.equal(Object.keys(inputs));
      expect(Object.keys(written.outputs.properties ?? {})).to.deep.equal(Object.keys(outputs));
      for (const [input, row] of Object.entries(inputs)) {
        const property = written.inputs.properties?.[input];
        expect(written.inputs.required?.includes(input), input).to.equal(row.required === true);
        expect(property?.secret, input).to.equal(row.secret);
        expect(property, input).to.not.have.property("willReplaceOnChanges");
      }
      const page = readFileSync(FUNCTIONS_PAGE, "utf8");
      expect(renewFunctionTables(page)).to.equal(page);
      const markers = markersIn(page);
      expect(markers).to.deep.include({ what: "inputs", name }).and.deep.include({ what: "outputs", name });
      for (const noun of objectsOf(outputs)) expect(markers, noun).to.deep.include({ what: "object", name: noun });
    });
  }

  it("lists the snapshots of a place by its arguments", () => {
    const { listInputs } = schema().resources["consul-snapshot:index:ConsulSnapshot"]!;
    expect(Object.keys(listInputs?.properties ?? {})).to.deep.equal(["target", "series"]);
    expect(listInputs?.required).to.deep.equal(["target"]);
  });

  it("the reference shows the settings of stack configuration", () => {
    expect(readFileSync("docs/reference/consul-snapshot.md", "utf8")).to.include(tableOf("configuration"));
  });
});
