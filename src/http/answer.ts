import type { ServerResponse } from 'node:http';
import type { Context } from 'koa';

const JSON_TYPE = 'application/json; charset=utf-8';

/** Characters from which on a text is encoded before it is written. */
const LONG = 4096;

/** The text that a request is answered with, until the frame sends it. */
const ANSWER = Symbol('answer');

interface Answered extends ServerResponse {
  [ANSWER]?: string;
}

/** Answers with JSON text as it is: the frame writes it with all its headers at once. */
export function answerJson(ctx: Context, text: string, status = 200): void {
  const res = ctx.res as Answered;
  res.statusCode = status;
  res[ANSWER] = text;
}

/**
 * Sends the answer. `always` are the headers that every answer has, names and values in turn. What is no JSON text is left to Koa
 * with these headers: streams, pages, answers without content.
 */
export function send(ctx: Context, always: readonly string[]): void {
  const res = ctx.res as Answered;
  if (res.headersSent) return; // it was streamed
  const text = res[ANSWER];
  if (text === undefined) {
    for (let i = 0; i < always.length; i += 2) {
      const name = always[i] as string;
      if (!res.hasHeader(name)) res.setHeader(name, always[i + 1] as string);
    }
    return;
  }
  ctx.respond = false;
  // A long text is encoded once: to measure it and to write it would each go through all of it.
  const body = text.length > LONG ? Buffer.from(text) : text;
  const length = String(Buffer.byteLength(body));
  res.writeHead(res.statusCode, ['Content-Type', JSON_TYPE, 'Content-Length', length, ...always]);
  res.end(body);
}
