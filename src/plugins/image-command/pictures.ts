import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import PQueue from "p-queue";
import { errorCode, HobnobError, type Log, RateLimitError } from "../../core/index.ts";
import type { DrawRequest, Generator } from "./generators/generator.ts";
import { checkPng, isPng } from "./png.ts";

/** Which picture; the same one has the same file. */
export interface Picture {
  readonly seed: number;
  readonly truncation: number;
  readonly prefix: string;
}

/** The pictures that were drawn, and those that are being drawn. */
export interface Pictures {
  /** The bytes of a picture, drawn unless that was done before. @throws RateLimitError while many others wait */
  get(picture: Picture, run: { readonly signal: AbortSignal; readonly log: Log }): Promise<Uint8Array>;
  /** The longest that `get` may take, ms. */
  readonly patience: number;
}

// A request that waits for its turn holds the place of another plugin's work, so only a few do; the others come again.
const MOST_WAITING = 4;
const COME_AGAIN_MS = 1000;

export function createPictures(options: {
  readonly generator: Generator;
  readonly folder: string;
  readonly maxBytes: number;
  /** How many are drawn at the same time. */
  readonly atOnce: number;
  /** The longest that one drawing may take, ms. */
  readonly timeout: number;
}): Pictures {
  const { generator, folder, maxBytes, atOnce, timeout } = options;
  const queue = new PQueue({ concurrency: atOnce });

  async function kept(name: string): Promise<Uint8Array | undefined> {
    try {
      const bytes = await readFile(join(folder, name));
      return isPng(bytes) && bytes.length <= maxBytes ? bytes : undefined;
    } catch {
      return undefined;
    }
  }

  async function keep(name: string, bytes: Uint8Array, log: Log): Promise<void> {
    const draft = join(folder, `.${name}.${randomUUID()}`);
    try {
      await mkdir(folder, { recursive: true });
      // Under another name first: nobody may find half a picture.
      await writeFile(draft, bytes, { flush: true });
      await rename(draft, join(folder, name));
    } catch (error) {
      await rm(draft, { force: true }).catch(() => {});
      log.warn({ code: errorCode(error) }, `A picture could not be kept in \`cacheDir\`: ${errorCode(error)}.`);
    }
  }

  async function draw(request: DrawRequest): Promise<Uint8Array> {
    const limit = AbortSignal.timeout(timeout);
    const signal = AbortSignal.any([request.signal, limit]);
    try {
      // Not left to the generator alone: one that ignores its signal would hold up all the others.
      return await Promise.race([generator.draw({ ...request, signal }), aborted(signal)]);
    } catch (error) {
      if (!limit.aborted) throw error;
      throw new HobnobError("IMAGE_FAILED", `The generator took longer than ${timeout} ms.`, { cause: error });
    }
  }

  return {
    patience: timeout * (Math.ceil(MOST_WAITING / atOnce) + 1),
    async get({ seed, truncation, prefix }, { signal, log }) {
      const name = fileName(prefix, seed);
      const bytes = await kept(name);
      if (bytes !== undefined) return bytes;
      if (queue.size >= MOST_WAITING) {
        throw new RateLimitError("The generator has enough to do.", { retryAfter: COME_AGAIN_MS });
      }
      return queue.add(
        async () => {
          // Whoever stood before may have wanted the same.
          const there = await kept(name);
          if (there !== undefined) return there;
          const drawn = await draw({ seed, truncation, signal });
          checkPng(drawn, maxBytes);
          await keep(name, drawn, log);
          return drawn;
        },
        { signal },
      );
    },
  };
}

/** `seed0042.png`, or with a prefix `messseed0042.png`. */
export function fileName(prefix: string, seed: number): string {
  return `${prefix}seed${String(seed).padStart(4, "0")}.png`;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
