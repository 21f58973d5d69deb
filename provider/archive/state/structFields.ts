/** The fields of one struct that Consul has written, by their names. */

import { Head, Undecodable } from "./head";
import { Scanner } from "./scanner";

/** Maximum number of structs in a list: Consul writes one record for each check, and coordinates in batches. */
const MAX_ITEMS = 5000;

/** Fields of a struct by their names. */
export class StructFields {
  private readonly places = new Map<string, number>();

  constructor(
    private readonly buffer: Buffer,
    at: number,
  ) {
    const head = new Head().read(buffer, at);
    if (head.kind === "nil") return;
    // Consul writes structs as maps; a struct written as a list is not supported.
    if (head.kind !== "map") throw new Undecodable("is not written as Consul writes it");
    const entries = head.length;
    let next = head.content;
    for (let entry = 0; entry < entries; entry++) {
      const key = head.readKey(buffer, next);
      const name = buffer.toString("latin1", key.content, key.end);
      this.places.set(name, key.end);
      next = endOf(buffer, key.end);
    }
  }

  /** The names of all fields, including fields that Consul does not know. */
  get names(): readonly string[] {
    return [...this.places.keys()];
  }

  /** Calls `look` with the value of a field, if the field exists. */
  visit(name: string, look: (buffer: Buffer, at: number) => void): void {
    const at = this.places.get(name);
    if (at !== undefined) look(this.buffer, at);
  }

  text(name: string): string {
    const at = this.places.get(name);
    if (at === undefined) return "";
    const head = new Head().read(this.buffer, at);
    return this.buffer.toString("latin1", head.content, head.end);
  }

  fields(name: string): StructFields | undefined {
    const at = this.places.get(name);
    return at === undefined || this.buffer[at] === 0xc0 ? undefined : new StructFields(this.buffer, at);
  }

  list(name: string): StructFields[] {
    const at = this.places.get(name);
    return at === undefined ? [] : StructFields.listAt(this.buffer, at);
  }

  /**
   * The structs of a list that begins at a place.
   *
   * @throws Undecodable also for more items than `MAX_ITEMS`
   */
  static listAt(buffer: Buffer, at: number): StructFields[] {
    const head = new Head().read(buffer, at);
    if (head.kind === "nil") return [];
    if (head.kind !== "list") throw new Undecodable("is not written as Consul writes it");
    const items: StructFields[] = [];
    const { length } = head;
    if (length > MAX_ITEMS) throw new Undecodable(`has a list of more than ${MAX_ITEMS} items`);
    let next = head.content;
    for (let item = 0; item < length; item++) {
      items.push(new StructFields(buffer, next));
      next = endOf(buffer, next);
    }
    return items;
  }
}

const scanner = new Scanner();

function endOf(buffer: Buffer, at: number): number {
  const end = scanner.scan(buffer, at);
  if (end < 0) throw new Undecodable("is truncated");
  return end;
}
