/** Version of the stored data's layout. A server refuses data of another one; see `docs/contributing.md` for raising it. */
export const SCHEMA_VERSION = 3;
