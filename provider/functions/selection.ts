/** Keeps the first items by an order, up to a maximum. Memory grows with the maximum, not with the number of items added. */
export class Selection<T> {
  private items: T[] = [];

  /**
   * @param most - the maximum number of items to keep
   * @param compare - the order, as for `Array.prototype.sort`
   */
  constructor(
    private readonly most: number,
    private readonly compare: (one: T, other: T) => number,
  ) {}

  add(item: T): void {
    this.items.push(item);
    // Sorts only once per `most` items, so that adding an item is cheap.
    if (this.items.length >= 2 * this.most) this.items = this.sorted();
  }

  /** The selected items, sorted. */
  sorted(): T[] {
    return this.items.sort(this.compare).slice(0, this.most);
  }
}
