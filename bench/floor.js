/**
 * The floors: the least that could answer the same bytes and headers. Kind: http, koa, koa-body, koa-mongo, koa-mongo-write,
 * koa-file, koa-stream, events.
 */

import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import Koa from 'koa';
import { MongoClient } from 'mongodb';

const JSON_TYPE = 'application/json; charset=utf-8';
/** What every answer of Keybin carries. */
const HEADERS = { 'X-Request-Id': 'AAAAAAAAAAA-0', 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };
const kind = process.argv[2];
const { BENCH_ANSWER, BENCH_ANSWER_FILE } = process.env;
const isFile = BENCH_ANSWER_FILE !== undefined && kind !== 'koa-stream';
const answer = isFile ? readFileSync(BENCH_ANSWER_FILE) : (BENCH_ANSWER ?? '{"value":"hello"}');

const server = http.createServer(kind === 'http' ? bare : kind === 'events' ? events() : koa(await middleware()));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') console.log(`http://127.0.0.1:${address?.port}`);
});
process.on('SIGTERM', () => process.exit(0));

/** @type {http.RequestListener} */
function bare(_, response) {
  const headers = { ...HEADERS, 'Content-Type': JSON_TYPE, 'Content-Length': Buffer.byteLength(answer) };
  response.writeHead(200, headers).end(answer);
}

/**
 * Tells every follower of each key that is put, and gives signs of life. Nobody is asked who he is, and nothing is kept.
 * @returns {http.RequestListener}
 */
function events() {
  /** @type {Set<http.ServerResponse>} */
  const followers = new Set();
  /** @param {string} text */
  const tell = text => {
    for (const follower of followers) follower.write(text);
  };
  setInterval(() => tell(':\n\n'), 15_000);
  return async (request, response) => {
    if (request.headers.accept === 'text/event-stream') {
      response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/event-stream; charset=utf-8' }).write(':\n\n');
      followers.add(response);
      response.on('close', () => followers.delete(response));
      return;
    }
    const { length } = await body(request);
    const key = request.url?.slice('/v2/kv/'.length);
    if (request.method === 'PUT') tell(`event: put\ndata: {"type":"put","key":"${key}","size":${length}}\nid: 1\n\n`);
    response.writeHead(200, HEADERS).end('{"changes":[],"cursor":"1"}');
  };
}

/** @param {Koa.Middleware} handler */
function koa(handler) {
  const app = new Koa();
  app.use(async (ctx, next) => {
    ctx.set(HEADERS);
    if (ctx.path === '/livez')
      ctx.body = '{}'; // for the client that watches how long it waits
    else await next();
  });
  return app.use(handler).callback();
}

/** @returns {Promise<Koa.Middleware>} */
async function middleware() {
  if (kind === 'koa-mongo') return twoFinds();
  if (kind === 'koa-mongo-write') return findAndReplace();
  if (kind === 'koa-file') return ctx => keepBody(ctx);
  if (kind === 'koa-stream') {
    return async ctx => {
      ctx.type = 'application/octet-stream';
      ctx.body = createReadStream(BENCH_ANSWER_FILE ?? '');
    };
  }
  return async ctx => {
    if (kind === 'koa-body') JSON.parse(await body(ctx.req));
    ctx.set('Content-Type', JSON_TYPE);
    ctx.body = answer;
  };
}

/** @param {http.IncomingMessage} request */
function body(request) {
  return new Promise(resolve => {
    /** @type {Buffer[]} */
    const chunks = [];
    request.on('data', chunk => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks).toString()));
  });
}

/**
 * The body as it comes, form and all, hashed and flushed to a file.
 * @param {Koa.Context} ctx
 */
async function keepBody(ctx) {
  const hash = createHash('sha256');
  const file = await open(path.join(os.tmpdir(), `keybin-bench-${process.pid}`), 'w');
  for await (const piece of ctx.req) {
    hash.update(piece);
    await file.writeFile(piece);
  }
  await file.sync();
  await file.close();
  ctx.body = { sha256: hash.digest('hex') };
}

async function connected() {
  const client = await new MongoClient(process.env.MONGODB_URI ?? '').connect();
  const db = client.db(process.env.BENCH_DATABASE);
  return { tokens: db.collection('tokens'), entries: db.collection('store') };
}

/** @param {string} path */
function partsOf(path) {
  const [, , token = '', , key] = path.split('/');
  return { hash: createHash('sha256').update(token).digest('hex'), key };
}

/** The token and the entry by their indexes, and nothing else. */
async function twoFinds() {
  const { tokens, entries } = await connected();
  /** @type {Koa.Middleware} */
  return async ctx => {
    const { hash, key } = partsOf(ctx.path);
    const found = await tokens.findOne({ hash });
    const entry = await entries.findOne({ user_id: found?.user_id, key });
    ctx.set('Content-Type', JSON_TYPE);
    ctx.body = `{"value":${JSON.stringify(entry?.value)}}`;
  };
}

/** The token by its index, and the entry written as durably as Keybin does. */
async function findAndReplace() {
  const { tokens, entries } = await connected();
  /** @type {Koa.Middleware} */
  return async ctx => {
    const { hash, key } = partsOf(ctx.path);
    const found = await tokens.findOne({ hash });
    const { value } = JSON.parse(await body(ctx.req));
    const place = { user_id: found?.user_id, key };
    const options = { upsert: true, writeConcern: { w: /** @type {const} */ ('majority'), journal: true } };
    await entries.replaceOne(place, { ...place, value }, options);
    ctx.set('Content-Type', JSON_TYPE);
    ctx.body = answer;
  };
}
