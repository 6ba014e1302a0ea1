import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Scope } from "../../src/core/index.ts";
import { imageCommand } from "../../src/plugins/image-command/index.ts";

/** The smallest PNG. */
export const PNG: Buffer = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

export const TEXT = "Here's your generated anime girl!";

type PluginOptions = NonNullable<Parameters<typeof imageCommand>[0]>;

/** What a generator was asked for. */
export interface Drawing {
  readonly seed: number;
  readonly truncation: number;
}

/** The plugin with a folder of its own, and a generator that keeps a list. */
export interface Studio extends Disposable {
  readonly folder: string;
  readonly drawings: Drawing[];
  /** The files that were kept. */
  files(): string[];
  plugin(options?: PluginOptions, scope?: Scope): ReturnType<typeof imageCommand>;
}

/** @param draw what the generator does; by default it gives the smallest PNG */
export function openStudio(draw: (drawing: Drawing, signal: AbortSignal) => unknown = () => PNG): Studio {
  const folder = mkdtempSync(join(tmpdir(), "hobnob-pictures-"));
  const drawings: Drawing[] = [];
  return {
    folder,
    drawings,
    files: () => readdirSync(folder).sort(),
    plugin: (options = {}, scope = {}) =>
      imageCommand(
        {
          cacheDir: folder,
          generator: {
            kind: "own",
            draw: async ({ seed, truncation, signal }) => {
              drawings.push({ seed, truncation });
              return (await draw({ seed, truncation }, signal)) as Uint8Array;
            },
          },
          ...options,
        },
        scope,
      ),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
