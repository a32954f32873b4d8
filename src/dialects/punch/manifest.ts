import type { Core } from '../../core/context.ts';
import { pagesOf } from '../../core/pages.ts';
import { punchesSpec } from '../../core/punches/collection.ts';

/** Entries read at a time. */
const PAGE = 1000;

/** Most bytes of one manifest that is remembered, and of all of them. */
const LONGEST = 8 * 1024 * 1024;
const MOST = 32 * 1024 * 1024;

const SEPARATOR = Buffer.from(',');
const NOTHING = Buffer.alloc(0);

/** The manifests of accounts, as members of a JSON object. */
export interface Manifests {
  /** The whole, if it was read before and nothing was stored since. */
  known(accountId: string, withDeleted: boolean): Promise<Uint8Array | undefined>;
  /** The same page by page, as it is read; then it is known. */
  pages(accountId: string, withDeleted: boolean): AsyncGenerator<Uint8Array>;
}

/** Clients ask for it whenever they sync, and mostly nothing is new: it is remembered as long as the storage knows that it is the same. */
export function createManifests(core: Core): Manifests {
  const punches = core.storage.collection(punchesSpec);
  const texts = new Map<string, Uint8Array>();
  let size = 0;
  let readIn: object | undefined;

  /** The state of the storage. What was read in another one is forgotten. */
  async function present(): Promise<object | undefined> {
    const state = await punches.state();
    if (state !== readIn) forget();
    readIn = state;
    return state;
  }

  function forget(): void {
    texts.clear();
    size = 0;
  }

  return {
    async known(accountId, withDeleted) {
      await present();
      return texts.get(nameOf(accountId, withDeleted));
    },
    async *pages(accountId, withDeleted) {
      const before = await present();
      let pages: Uint8Array[] = [];
      let length = before === undefined ? Number.POSITIVE_INFINITY : 0;
      for await (const members of manifestPages(core, accountId, withDeleted)) {
        length += members.length;
        if (length > LONGEST) pages = [];
        else if (members.length > 0) pages.push(pages.length > 0 ? SEPARATOR : NOTHING, members);
        yield members;
      }
      const name = nameOf(accountId, withDeleted);
      if (length > LONGEST || (await present()) !== before || texts.has(name)) return;
      if (size + length > MOST) forget();
      texts.set(name, Buffer.concat(pages));
      size += length;
    },
  };
}

function nameOf(accountId: string, withDeleted: boolean): string {
  return `${withDeleted} ${accountId}`;
}

/**
 * The manifest of an account as members of a JSON object, page by page, from an index alone: of each punch its `updated`. `withDeleted` adds the
 * deleted ones with null. Ids are UUIDs and need no escapes.
 */
async function* manifestPages(core: Core, accountId: string, withDeleted: boolean): AsyncGenerator<Uint8Array> {
  const punches = core.storage.collection(punchesSpec);
  const range = { index: 'manifest', prefix: [accountId], limit: PAGE, covered: true };
  for await (const page of pagesOf(after => punches.scan({ ...range, ...after }))) {
    let members = '';
    for (const [i, { id, updated }] of page.entries()) {
      if (updated === undefined && !withDeleted) continue;
      // One that is written at this moment may be met twice: it moves on in the index, to right behind itself.
      if (page[i + 1]?.id === id) continue;
      members += `${members === '' ? '' : ','}"${id}":${updated ?? null}`;
    }
    // A text of many parts would be put together by whoever writes it, and its parts would be kept until then.
    yield Buffer.from(members, 'latin1');
  }
}
