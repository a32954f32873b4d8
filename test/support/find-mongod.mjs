// Prints `mongod <path>`: the binary that mongodb-memory-server has in its cache or, if the network allows, downloads.
// A process of its own, so that a download that hangs can be ended. See mongodb-server.ts.
import { lookup } from 'node:dns/promises';
import { DryMongoBinary, MongoBinary } from 'mongodb-memory-server';

const env = process.env;
const throughProxy = [env.https_proxy, env.HTTPS_PROXY, env.http_proxy, env.HTTP_PROXY].some(Boolean);
const elsewhere = env.MONGOMS_DOWNLOAD_MIRROR ?? env.MONGOMS_DOWNLOAD_URL;

let path = await DryMongoBinary.locateBinary(DryMongoBinary.getEnsuredOptions());
if (!path) {
  if (!throughProxy) await lookup(elsewhere ? new URL(elsewhere).hostname : 'fastdl.mongodb.org');
  path = await MongoBinary.getPath();
}
console.log(`mongod ${path}`);
