/**
 * The order in which records may come. A server restores each record on top of the earlier ones. Consul writes virtual addresses
 * first, and its metadata after services and configuration entries (snapshot_oss.go and snapshot_ce.go, 1.12.9 to 2.0). If the
 * metadata comes first, services and gateways are assigned virtual addresses during the restore, which fails if the addresses
 * are invalid or used up: "failed updating virtual IP".
 */

import { CONFIG_ENTRY, FREE_VIRTUAL_IP, REGISTER, SERVICE_VIRTUAL_IP, SYSTEM_METADATA } from "../recordTypes";
import { Undecodable } from "./head";
import { StructFields } from "./structFields";

export class RestoreOrder {
  private hasInvalidAddress = false;
  private hasMetadata = false;

  /**
   * @param value - `undefined` if it is too large to be kept in memory
   * @returns what is wrong with the position of this record, as the end of a sentence about it
   */
  add(type: number, value: Buffer | undefined): string | undefined {
    if (type === SYSTEM_METADATA) this.hasMetadata = true;
    if (type === SERVICE_VIRTUAL_IP || type === FREE_VIRTUAL_IP) this.hasInvalidAddress ||= !hasValidAddress(value);
    if (type !== REGISTER && type !== CONFIG_ENTRY) return undefined;
    return this.hasInvalidAddress && this.hasMetadata
      ? "comes behind system metadata and an invalid virtual address"
      : undefined;
  }
}

/** The offset of the last virtual address from the first one: `virtualIPMaxOffset`. */
const LAST_OFFSET = 0x0ffffffe;
const IPV4_IN_IPV6 = "00000000000000000000ffff";

/** Whether the address of a record is an IPv4 address, and free addresses follow it. */
function hasValidAddress(value: Buffer | undefined): boolean {
  if (value === undefined) return false;
  try {
    const address = Buffer.from(new StructFields(value, 0).text("IP"), "latin1");
    const isMapped = address.length === 16 && address.toString("hex", 0, 12) === IPV4_IN_IPV6;
    return (address.length === 4 || isMapped) && address.readUInt32BE(address.length - 4) < LAST_OFFSET - 1;
  } catch (error) {
    if (error instanceof Undecodable) return false;
    throw error;
  }
}
