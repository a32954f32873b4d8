import type { Logger } from 'pino';
import type { Level, RequestLine } from '../base/log.ts';
import { describeError } from './describe-error.ts';

/** The numbers that stand for levels in the log. */
const NUMBERS: Readonly<Record<Level, number>> = { debug: 20, info: 30, warn: 40, error: 50 };

/**
 * Writes lines of requests as the logger would, put together as text: for every request that costs a third of having the logger
 * look at each field of an object. `time` gives the field of that name, `pid` is given where lines have it.
 */
export function requestLines(
  log: Logger,
  { write, time, pid }: { write: (line: string) => void; time: () => string; pid: number | undefined },
): (level: Level, line: RequestLine) => void {
  const process = pid === undefined ? '' : `,"pid":${pid}`;
  return (level, { method, route, status, ms, id, client, account, trace_id, span_id, code, plugins, err }) => {
    const number = NUMBERS[level];
    if (number < log.levelVal) return;
    // Methods, patterns, ids, traces and codes are ours, or checked: there is nothing in them to escape.
    let text = `{"level":${number}${time()}${process},"method":"${method}"`;
    if (route !== undefined) text += `,"route":"${route}"`;
    text += `,"status":${status},"ms":${ms},"id":"${id}"`;
    if (client !== undefined) text += `,"client":${JSON.stringify(client)}`;
    if (account !== undefined) text += `,"account":${JSON.stringify(account)}`;
    if (trace_id !== undefined) text += `,"trace_id":"${trace_id}","span_id":"${span_id}"`;
    if (code !== undefined) text += `,"code":"${code}"`;
    if (plugins !== undefined) text += `,"plugins":${JSON.stringify(plugins)}`;
    if (err !== undefined) text += `,"err":${JSON.stringify(describeError(err))}`;
    write(`${text},"msg":"request"}\n`);
  };
}
