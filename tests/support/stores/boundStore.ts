import type { Store } from "../../../provider/store/store";

/** The methods of a store, which is a class, as an object that can be spread, and whose methods can be replaced. */
export function boundStore(store: Store): Store {
  return {
    locate: (key) => store.locate(key),
    put: (key, source, options) => store.put(key, source, options),
    head: (key, options) => store.head(key, options),
    read: (key, options) => store.read(key, options),
    list: (prefix) => store.list(prefix),
    delete: (key, options) => store.delete(key, options),
    sweep: (key, template, signal) => store.sweep(key, template, signal),
    now: (key, options) => store.now(key, options),
    close: () => store.close(),
  };
}
