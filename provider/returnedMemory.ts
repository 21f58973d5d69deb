/**
 * The size of a block of memory that goes back to the system as soon as it is freed. When glibc frees a block of more
 * than 128 KiB, it keeps blocks up to that size for later use from then on, in an arena for each thread
 * (M_MMAP_THRESHOLD in mallopt(3)): after one upload, some 20 MB. Blocks of more than 32 MiB do not have this effect,
 * and pages that are never written take no memory. So a buffer of megabytes is the beginning of such a block.
 */
export const RETURNED_BYTES = 33 * 1024 * 1024;
