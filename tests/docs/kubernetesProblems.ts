/** What Kubernetes would refuse of an object: the schemas are those of its own API, which kubernetes-models contains. */

/** The codes of an import that leads nowhere. */
const NOT_FOUND = ["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND", "ERR_PACKAGE_PATH_NOT_EXPORTED"];

interface Model {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly prototype: { readonly validate: (this: object) => void };
}

/** @returns one sentence for each invalid, missing or unknown field; one if no schema is known */
export async function listKubernetesProblems(object: object): Promise<string[]> {
  const { apiVersion, kind } = object as { readonly apiVersion?: unknown; readonly kind?: unknown };
  const model = await findModel(String(apiVersion), String(kind));
  // The modules of parts of objects, such as a Volume, have neither.
  if (model === undefined || model.apiVersion !== apiVersion || model.kind !== kind) {
    return [`there is no schema of ${String(kind)} in ${String(apiVersion)}`];
  }
  const read = new Set<string>();
  const problems: string[] = [];
  try {
    Reflect.apply(model.prototype.validate, watch(object, "", read) as object, []);
  } catch (error) {
    problems.push((error as Error).message);
  }
  return [...problems, ...listUnread(object, "", read).map((path) => `${path} is unknown`)];
}

async function findModel(apiVersion: string, kind: string): Promise<Model | undefined> {
  try {
    const models = (await import(`kubernetes-models/${apiVersion}/${kind}`)) as Readonly<Record<string, Model>>;
    return models[kind];
  } catch (error) {
    if (NOT_FOUND.includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

/**
 * The schemas are functions that permit fields which they do not know, and that read every field that they know: so the
 * fields that are never read are unknown.
 */
function watch(data: unknown, path: string, read: Set<string>): unknown {
  if (typeof data !== "object" || data === null) return data;
  return new Proxy(data, {
    get(target, key) {
      const at = `${path}/${String(key)}`;
      read.add(at);
      return watch(Reflect.get(target, key), at, read);
    },
  });
}

function listUnread(data: unknown, path: string, read: ReadonlySet<string>): string[] {
  if (typeof data !== "object" || data === null) return [];
  return Object.entries(data).flatMap(([key, value]) => {
    const at = `${path}/${key}`;
    return read.has(at) ? listUnread(value, at, read) : [at];
  });
}
