import { fstatSync, readSync } from 'node:fs';

// The format of LMDB's data file, version 2, as liblmdb/mdb.c of the library has it (MDB_page, MDB_meta, MDB_db, MDB_node).

const PAGE_HEADER = 24;
const META = { magic: 0, version: 4, databases: 24, lastPage: 120, transaction: 128, length: 136 };
const DATABASE = { pageSize: 0, root: 40, length: 48 };
const NODE_HEADER = 8;

const MAGIC = 0xbeefc0de;
const VERSION = 2;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

const BRANCH = 0x01;
const LEAF = 0x02;
const OVERFLOWS = 0x01;
const DATABASE_INSIDE = 0x02;

/** Deepest tree that LMDB can walk. */
const MAX_DEPTH = 32;

/** What the newer of the two meta pages promises. */
export interface Meta {
  readonly pageSize: number;
  /** Number of the last page that was ever used: the file may be shorter if that one is free. */
  readonly lastPage: number;
  readonly transaction: bigint;
  /** Roots of the trees: free pages, and the named databases. */
  readonly roots: readonly bigint[];
}

/** Reads the meta pages of a data file; undefined when the first is none, or the file ends before the second. */
export function readMeta(file: number): Meta | undefined {
  const first = metaAt(file, 0);
  if (first === undefined) return undefined;
  const second = metaAt(file, first.pageSize);
  if (second === undefined) return undefined;
  return first.transaction >= second.transaction ? first : second; // as mdb_pick_meta does
}

/**
 * How long a data file is and how long the newer meta page promises it to be, where pages that are used are missing. Undefined when
 * nothing is missing, or when there is no such page.
 */
export function cutShort(file: number): { size: number; promised: number } | undefined {
  const meta = readMeta(file);
  if (meta === undefined) return undefined;
  const promised = (meta.lastPage + 1) * meta.pageSize;
  const { size } = fstatSync(file); // after the meta pages: other processes may be writing
  return size >= promised || isWhole(file, meta, size) ? undefined : { size, promised };
}

function metaAt(file: number, position: number): Meta | undefined {
  const bytes = read(file, position + PAGE_HEADER, META.length);
  if (bytes?.readUInt32LE(META.magic) !== MAGIC || bytes.readUInt16LE(META.version) !== VERSION) return undefined;
  const pageSize = bytes.readUInt32LE(META.databases + DATABASE.pageSize);
  if (pageSize < 256 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) return undefined;
  return {
    pageSize,
    lastPage: Number(bytes.readBigUInt64LE(META.lastPage)),
    transaction: bytes.readBigUInt64LE(META.transaction),
    roots: [0, 1].map(i => bytes.readBigUInt64LE(META.databases + i * DATABASE.length + DATABASE.root)),
  };
}

/**
 * Whether all pages that the trees reach lie within the file's first `size` bytes. Reads all trees: for a file that is shorter
 * than its last page, which is so when pages were used and freed within one transaction, and when it was cut.
 */
function isWhole(file: number, meta: Meta, size: number): boolean {
  const { pageSize } = meta;
  const inFile = (page: bigint, count = 1n) => (page + count) * BigInt(pageSize) <= BigInt(size);

  const isTreeWhole = (page: bigint, depth: number): boolean => {
    if (page === NO_PAGE) return true;
    const bytes = depth < MAX_DEPTH && inFile(page) ? read(file, Number(page) * pageSize, pageSize) : undefined;
    return bytes !== undefined && nodesOf(bytes).every(node => isNodeWhole(bytes, node, depth));
  };

  const isNodeWhole = (bytes: Buffer, node: number, depth: number): boolean => {
    const data = node + NODE_HEADER + bytes.readUInt16LE(node + 6);
    if (bytes.readUInt16LE(18) & BRANCH) return isTreeWhole(BigInt(bytes.readUIntLE(node, 6)), depth + 1);
    const flags = bytes.readUInt16LE(node + 4);
    if (flags & OVERFLOWS) return inFile(bytes.readBigUInt64LE(data), bytes.readBigUInt64LE(data + 16));
    return !(flags & DATABASE_INSIDE) || isTreeWhole(bytes.readBigUInt64LE(data + DATABASE.root), depth + 1);
  };

  try {
    return meta.roots.every(root => isTreeWhole(root, 0));
  } catch (error) {
    if (error instanceof RangeError) return false; // an offset that leads out of its page
    throw error;
  }
}

/** Offsets of the nodes of a branch or leaf page. */
function nodesOf(page: Buffer): number[] {
  if ((page.readUInt16LE(18) & (BRANCH | LEAF)) === 0) throw new RangeError('neither a branch nor a leaf');
  const count = page.readUInt16LE(20) >> 1;
  return Array.from({ length: count }, (_, i) => PAGE_HEADER + page.readUInt16LE(PAGE_HEADER + 2 * i));
}

function read(file: number, position: number, length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length);
  return readSync(file, bytes, 0, length, position) === length ? bytes : undefined;
}
