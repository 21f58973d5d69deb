/** The stores that the contract suite and the engine tests run over: a folder, and three real servers. */
import { azurite } from "./azure";
import { folder } from "./file";
import { fakeGcs } from "./gcs";
import { versitygw } from "./s3";
import type { StoreKind } from "./server";

export type { Inability, StoreKind, StoreServer } from "./server";

export const STORES: readonly StoreKind[] = [folder, versitygw, fakeGcs, azurite];
