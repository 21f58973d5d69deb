/** The first so many of all items that are added, by an order. Memory grows with their number, not with that of all items. */
export class Selection<T> {
  private items: T[] = [];

  /**
   * @param most - how many
   * @param compare - as of `Array.prototype.sort`
   */
  constructor(
    private readonly most: number,
    private readonly compare: (one: T, other: T) => number,
  ) {}

  add(item: T): void {
    this.items.push(item);
    // Sorted once per `most` items, so that many of them cost little.
    if (this.items.length >= 2 * this.most) this.items = this.sorted();
  }

  /** In their order. */
  sorted(): T[] {
    return this.items.sort(this.compare).slice(0, this.most);
  }
}
