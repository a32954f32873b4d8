/** What a request says of the trace it belongs to (W3C Trace Context, section 3.2). */

/** The trace, and the span of who asks. */
export interface Trace {
  readonly trace_id: string;
  readonly span_id: string;
}

const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

/** Of a `traceparent` header; undefined when it is not valid. Later versions may have more behind what the first one has. */
export function parseTraceparent(header: string): Trace | undefined {
  const [, version, trace_id, span_id, more] = FORM.exec(header) ?? [];
  if (trace_id === undefined || span_id === undefined) return undefined;
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (/^0+$/.test(trace_id) || /^0+$/.test(span_id)) return undefined;
  return { trace_id, span_id };
}
