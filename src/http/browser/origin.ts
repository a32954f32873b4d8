import type { Context } from 'koa';
import { ForbiddenError } from '../../base/errors.ts';
import { plainAddress, trustedProxies } from '../trusted-proxies.ts';

/** Under which address the server is reached. */
export interface Origin {
  /**
   * What links begin with, without a slash at its end: the public URL, else the address on which the request arrived. Never
   * the `Host` header: who asks for a mail would say where its link leads.
   */
  readonly base: (ctx: Context) => string;
  /**
   * The address that examples on a page have: the public URL, else the one that the client itself uses. It is shown to nobody
   * else, and nothing is sent there.
   */
  readonly shown: (ctx: Context) => string;
  /** The path that the public URL ends in, such as `/keybin`; empty when there is none. */
  readonly prefix: () => string;
  /** Whether the client speaks HTTPS, to this server's proxy as a rule. */
  readonly isSecure: (ctx: Context) => boolean;
  /**
   * Whether a page of another origin sent the request: browsers say so in `Origin` or in `Sec-Fetch-Site`. Programs send neither.
   */
  readonly isForeign: (ctx: Context) => boolean;
  /** Throws `ForbiddenError` (code `csrf_invalid`) for a request that a page of another origin sent. */
  readonly demandSameOrigin: (ctx: Context) => void;
}

/** What `createOrigin` has to know. */
export interface OriginOptions {
  /** The public URL in force; anything but an http or https URL is none. */
  readonly publicUrl: () => string;
  /** IP addresses and CIDR ranges of proxies whose `X-Forwarded-Proto` is believed, at this moment. */
  readonly trustedProxies: () => readonly string[];
}

const HOST = /^([\w.-]+|\[[\da-f:.]+\])(:\d+)?$/i;

/** Makes an {@link Origin}. */
export function createOrigin({ publicUrl, trustedProxies: trusted }: OriginOptions): Origin {
  const isTrusted = trustedProxies(trusted);
  let last = { text: '', url: parse(''), prefix: '' };

  /** What is configured seldom changes, and every request asks for it. */
  function known(): typeof last {
    const text = publicUrl();
    if (text === last.text) return last;
    const url = parse(text);
    last = { text, url, prefix: url?.pathname.replace(/\/+$/, '') ?? '' };
    return last;
  }

  function isSecure(ctx: Context): boolean {
    if (known().url?.protocol === 'https:') return true;
    // The last value is the one that the nearest proxy added.
    const proto = ctx.get('X-Forwarded-Proto').split(',').at(-1)?.trim().toLowerCase();
    return proto === 'https' && isTrusted(plainAddress(ctx.req.socket.remoteAddress ?? ''));
  }

  /** The origin as the client sees it, by what it says itself: good only to be compared with its `Origin`. */
  function claimed(ctx: Context): string | undefined {
    const host = ctx.get('Host');
    return HOST.test(host) ? parse(`${isSecure(ctx) ? 'https' : 'http'}://${host}`)?.origin : undefined;
  }

  function isForeign(ctx: Context): boolean {
    const { origin, 'sec-fetch-site': site } = ctx.req.headers;
    if (site === 'cross-site') return true;
    // An opaque origin is sent as `null`, and never one of these.
    return origin !== undefined && origin !== known().url?.origin && origin !== claimed(ctx);
  }

  function base(ctx: Context): string {
    const { url, prefix } = known();
    if (url !== undefined) return url.origin + prefix;
    const { localAddress = '', localPort } = ctx.req.socket;
    const address = plainAddress(localAddress);
    return `http://${address.includes(':') ? `[${address}]` : address}:${localPort}`;
  }

  return {
    base,
    shown: ctx => (known().url === undefined ? (claimed(ctx) ?? base(ctx)) : base(ctx)),
    prefix: () => known().prefix,
    isSecure,
    isForeign,
    demandSameOrigin(ctx) {
      if (isForeign(ctx)) throw new ForbiddenError('the request comes from another site', { code: 'csrf_invalid' });
    },
  };
}

function parse(url: string): URL | undefined {
  return /^https?:\/\//i.test(url) && URL.canParse(url) ? new URL(url) : undefined;
}
