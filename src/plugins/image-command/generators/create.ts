import type { Options } from "../options.ts";
import { command } from "./command.ts";
import type { Generator } from "./generator.ts";
import { http } from "./http.ts";
import { portrait } from "./portrait.ts";

/** The generator of these options. */
export function createGenerator(options: Options["generator"], maxBytes: number): Generator {
  switch (options.kind) {
    case "portrait":
      return portrait(options);
    case "http":
      return http(options, { maxBytes });
    case "command":
      return command(options, { maxBytes });
    case "own":
      return options;
  }
}
