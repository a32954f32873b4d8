import { Readable } from 'node:stream';
import type { Context } from 'koa';
import { accountIdOf } from '../../core/access/callers.ts';
import { type ConfigDoc, filesOf } from '../../core/dotfiles/collection.ts';
import { askPlugins, tellPlugins } from '../../core/plugins/tell.ts';
import { bearerToken } from '../../http/bearer.ts';
import { objectReader } from '../../http/body/body.ts';
import { jsonStream } from '../../http/json-stream.ts';
import type { Params, Route } from '../../http/routing.ts';
import type { DialectDeps } from '../dialect.ts';
import { isForClient, linesOf, withErrorLine } from './lines.ts';
import { OfferBook } from './offer-book.ts';
import { type Offer, readOffers, SYNC_BODY } from './offers.ts';
import { checkEncoding, readConfig } from './schema.ts';
import { configPages, createConfig, deleteConfig, getConfig, replaceConfig } from './service/configs.ts';
import type { Dealt } from './service/file.ts';
import { type Pages, syncAll } from './service/sync.ts';
import { tracker } from './tracker.ts';

/** What the body of a config may have: a thousand paths. */
const CONFIG_BODY = { bytes: 4_194_304, values: 10_000, depth: 100 };

/** The routes of docs/dialects/dotsync.md. Order of checks: token, config, body. */
export function routes({ core }: DialectDeps<unknown>): Route[] {
  const readConfigBody = objectReader(CONFIG_BODY);
  const readSyncBody = objectReader(SYNC_BODY, { optional: true });

  async function enter(ctx: Context): Promise<string> {
    const accountId = await accountIdOf(core, bearerToken(ctx));
    ctx.state.account = accountId;
    checkEncoding(ctx);
    return accountId;
  }

  async function configOf(ctx: Context, { id = '' }: Params): Promise<ConfigDoc> {
    return getConfig(core, await enter(ctx), id);
  }

  /**
   * Answers with a line for each file. Nothing is stored before this, and what is wrong with the request is known. When there
   * is no room for the very first one, or none may be stored, no answer has begun, and `QuotaExceededError` or `ReadOnlyError` is thrown.
   */
  async function answerLines(ctx: Context, pages: Pages, book: OfferBook): Promise<void> {
    const files = told(ctx, syncAll(core, pages, book));
    ctx.res.once('close', () => void files.return(undefined).catch(() => {}));
    const lines = withErrorLine(linesOf(await begun(files)), err => {
      if (isForClient(err)) return;
      core.log.error({ err, id: ctx.state.id, account: ctx.state.account }, 'a sync broke off');
    });
    ctx.set('Content-Type', 'application/x-ndjson');
    ctx.body = Readable.from(lines, { objectMode: false });
  }

  /** The offers of a sync, as plugins make them; in the sync of one config `only` is its id. */
  async function offersOf(ctx: Context, accountId: string, only?: string): Promise<Offer[]> {
    const offers = await readOffers(await readSyncBody(ctx), only);
    if (!core.plugins.filters('dotsync.sync')) return offers;
    const paths = new Set(offers.map(({ path }) => path));
    return askPlugins(core, 'dotsync.sync', accountId, { files: offers }, async ({ files }) => {
      const changed = await readOffers({ files }, only);
      if (changed.some(({ path }) => !paths.has(path))) throw new TypeError('paths cannot be invented');
      return changed;
    });
  }

  /** The same files; once all were dealt with, plugins are told which were. */
  function told(ctx: Context, files: AsyncGenerator<Dealt[]>): AsyncGenerator<Dealt[]> {
    if (!core.plugins.acts('dotsync.synced')) return files;
    return (async function* () {
      const all: { config: string; path: string; status: string }[] = [];
      for await (const some of files) {
        for (const { config, path, status } of some) if (config !== null) all.push({ config, path, status });
        yield some;
      }
      tellPlugins(core, 'dotsync.synced', String(ctx.state.account), { files: all });
    })();
  }

  return [
    {
      method: 'POST',
      path: '/v1/config',
      handle: async ctx => {
        const accountId = await enter(ctx);
        const id = await createConfig(core, accountId, readConfig(await readConfigBody(ctx)));
        ctx.status = 201;
        ctx.body = { id };
      },
    },
    {
      method: 'GET',
      path: '/v1/config',
      handle: async ctx => {
        const pages = configPages(core, await enter(ctx));
        ctx.type = 'json';
        ctx.body = await jsonStream('[', pages, configs => configs.map(presentConfig).join(','), ']');
      },
    },
    {
      method: 'GET',
      path: '/v1/config/:id',
      handle: async (ctx, params) => {
        const config = await configOf(ctx, params);
        ctx.type = 'json';
        ctx.body = presentConfig(config);
      },
    },
    {
      method: 'PUT',
      path: '/v1/config/:id',
      handle: async (ctx, params) => {
        const config = await configOf(ctx, params);
        await replaceConfig(core, config, readConfig(await readConfigBody(ctx), config.id));
        ctx.status = 204;
      },
    },
    {
      method: 'DELETE',
      path: '/v1/config/:id',
      handle: async (ctx, { id = '' }) => {
        await deleteConfig(core, await enter(ctx), id);
        ctx.status = 204;
      },
    },
    {
      method: 'GET',
      path: '/v1/file/:name',
      handle: async (ctx, { name = '' }) => {
        const pages = configPages(core, await enter(ctx));
        const tracks = tracker(name);
        const ids = (configs: ConfigDoc[]) => configs.filter(tracks).map(({ id }) => JSON.stringify(id));
        ctx.type = 'json';
        ctx.body = await jsonStream('[', pages, configs => ids(configs).join(','), ']');
      },
    },
    {
      method: 'POST',
      path: '/v1/sync',
      handle: async ctx => {
        const accountId = await enter(ctx);
        const book = await OfferBook.of(await offersOf(ctx, accountId));
        if (book.isMixed()) {
          for await (const configs of configPages(core, accountId)) {
            for (const config of configs) book.checkFiles(config.id, filesOf(config));
          }
        }
        await answerLines(ctx, await started(configPages(core, accountId)), book);
      },
    },
    {
      method: 'POST',
      path: '/v1/sync/:id',
      handle: async (ctx, params) => {
        const config = await configOf(ctx, params);
        const book = await OfferBook.of(await offersOf(ctx, config.user_id, config.id));
        await answerLines(ctx, [[config]], book);
      },
    },
  ];
}

/** The same pages. What throws at the first one is thrown here, before an answer has begun. */
async function started(pages: AsyncGenerator<ConfigDoc[]>): Promise<Pages> {
  const first = await pages.next();
  return (async function* () {
    if (!first.done) yield first.value;
    yield* pages;
  })();
}

/** The same files, of which the first were dealt with already. Throws `QuotaExceededError`, `ReadOnlyError`; other errors come with the files. */
async function begun(files: AsyncGenerator<Dealt[]>): Promise<AsyncGenerator<Dealt[]>> {
  const first = files.next();
  await first.catch(error => {
    if (isForClient(error)) throw error;
  });
  return (async function* () {
    const { done, value } = await first;
    if (!done) yield value;
    yield* files;
  })();
}

/** A config as JSON text, put together from what is stored. */
function presentConfig({ id, git = 'null', files, created, updated }: ConfigDoc): string {
  return `{"id":"${id}","git":${git},"files":${files},"created":${created},"updated":${updated}}`;
}
