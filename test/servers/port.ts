import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below the ports that Linux, macOS and Windows give out of themselves (from 32768 or 49152 on): a port that a server
 * lets go while it restarts must not fall to somebody's connection or to a test that listens on port 0.
 */
const FIRST = 20_000;
const SHARES = 120;
const SHARE = 100;

/** Each process of a test run has a share of its own. */
const start = FIRST + (Number(process.env.VITEST_POOL_ID ?? 0) % SHARES) * SHARE;
let next = randomInt(SHARE);

/** A port of this machine on which nobody listens, for a server that is to be found there again after a restart. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < SHARE; tries++) {
    const port = start + (next++ % SHARE);
    if (await isFree(port)) return port;
  }
  throw new Error(`All ports from ${start} to ${start + SHARE - 1} are in use.`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
