import { isUtf8 } from 'node:buffer';

/** Characters that move the cursor, or give a terminal orders. Line breaks and tabs are none. */
const ORDERS = /(?![\t\n\r])\p{Cc}/u;

/** Whether a terminal can be given these bytes: they are text, and nothing in it gives it orders. */
export function isForTerminal(bytes: Uint8Array): boolean {
  return isText(bytes) && !ORDERS.test(Buffer.from(bytes).toString());
}

/** Whether bytes are text, as far as one can see. */
export function isText(bytes: Uint8Array): boolean {
  return isUtf8(bytes) && !bytes.includes(0);
}
