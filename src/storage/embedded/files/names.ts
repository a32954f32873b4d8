/** File that LMDB keeps in the data folder, and its lock file beside it. */
export const DATA_FILE = 'keybin.mdb';
export const LOCK_FILE = `${DATA_FILE}-lock`;

/** Says, while it is there, that the data file is being made and nothing is in it yet. */
export const NEW_FILE = `${DATA_FILE}-new`;

/** Says, while it is there, that a process is opening the data file: see the gate. */
export const OPENING_FILE = `${DATA_FILE}-opening`;

/** Database of the gate, in which nothing is. LMDB makes a lock file of its own beside it. */
export const GATE_FILE = 'keybin.gate';
export const GATE_LOCK_FILE = `${GATE_FILE}-lock`;

/** Folder of the blobs inside it, and in that one the folder of uploads under way. */
export const BLOBS = 'blobs';
export const INCOMING = 'incoming';

/** Folder of the secrets. It is made with the first one. */
export const SECRETS = 'secrets';
