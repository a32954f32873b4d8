/** Exit codes of both programs' commands. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  /** Not found, or a condition not met. */
  absent: 3,
  notSignedIn: 4,
  interrupted: 130,
} as const;
