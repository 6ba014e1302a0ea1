import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Finding } from "./adapter.ts";
import { HobnobError } from "./errors.ts";
import type { Plugin, PluginBot, Scope } from "./plugin.ts";
import { suggest } from "./suggest.ts";

type Factory<S extends StandardSchemaV1> =
  Record<string, never> extends StandardSchemaV1.InferInput<S>
    ? (options?: StandardSchemaV1.InferInput<S>, scope?: Scope) => Plugin
    : (options: StandardSchemaV1.InferInput<S>, scope?: Scope) => Plugin;

/** What `definePlugin` takes. */
export interface PluginDefinition<S extends StandardSchemaV1> {
  /** Unique, in kebab case. Stored jobs and state carry it: renaming a plugin orphans both. */
  readonly name: string;
  /** Any Standard Schema (zod, valibot, arktype …) of an object. */
  readonly options?: S;
  /** The service it speaks with, where the sandbox can stand in for that: what the simulator hands out becomes options. */
  readonly service?: {
    readonly platform: string;
    readonly webhook?: string;
    /** The environment names of what these options, as given, do not set. `name` is what the config calls the plugin. */
    missing(options: StandardSchemaV1.InferInput<S>, name: string): readonly string[];
    /** Is it reached, and set up right? For `hobnob check`; it changes nothing there. */
    check?(options: StandardSchemaV1.InferOutput<S>, name: string): AsyncIterable<Finding>;
  };
  setup(bot: PluginBot, options: StandardSchemaV1.InferOutput<S>): void | Promise<void>;
}

/**
 * Defines a plugin: a factory to call in `plugins.config.ts` with the plugin's options and where it is enabled.
 *
 * @example
 * export const echo = definePlugin({
 *   name: "echo",
 *   options: z.object({ prefix: z.string().default("You said: ") }),
 *   setup(bot, { prefix }) {
 *     bot.mention((ctx) => ctx.reply(prefix + ctx.message.text));
 *   },
 * });
 */
export function definePlugin<S extends StandardSchemaV1 = StandardSchemaV1<Record<string, never>>>(
  definition: PluginDefinition<S>,
): Factory<S> {
  const factory = (options: unknown = {}, scope: Scope = {}): Plugin => {
    let given = options;
    const { service } = definition;
    const { name = definition.name } = scope;
    const checked = async () =>
      (await checkOptions(name, definition.options, given)) as StandardSchemaV1.InferOutput<S>;
    return {
      name,
      scope,
      options: definition.options,
      async setup(bot) {
        await definition.setup(bot, await checked());
      },
      ...(service && {
        service: {
          platform: service.platform,
          ...(service.webhook !== undefined && { webhook: service.webhook }),
          get missing() {
            return service.missing(given as StandardSchemaV1.InferInput<S>, name);
          },
          sandbox(simulated) {
            given = { ...(given as object), ...simulated };
          },
          ...(service.check && {
            async *check() {
              yield* service.check!(await checked(), name);
            },
          }),
        },
      }),
    };
  };
  return factory as Factory<S>;
}

async function checkOptions(name: string, schema: StandardSchemaV1 | undefined, options: unknown): Promise<unknown> {
  if (schema === undefined) return options;
  const unknown = unknownKeys(schema, options);
  const result = await schema["~standard"].validate(options);
  const problems = [
    ...(result.issues ?? []).map(({ message, path }) => describe(options, path ?? [], message)),
    ...unknown,
  ];
  if (problems.length > 0) {
    throw new HobnobError("PLUGIN_OPTIONS", `Plugin \`${name}\`: ${problems.join("; ")}. Mend it in the config.`);
  }
  return (result as { value: unknown }).value;
}

// A schema that strips unknown keys would hide a misspelt option. zod tells its keys; for others the schema alone decides.
function unknownKeys(schema: StandardSchemaV1, options: unknown): string[] {
  const { shape } = schema as { shape?: unknown };
  if (typeof shape !== "object" || shape === null || typeof options !== "object" || options === null) return [];
  const known = Object.keys(shape);
  return Object.keys(options)
    .filter((key) => !known.includes(key))
    .map((key) => `unknown option \`${key}\`${suggest(key, known)}`);
}

function describe(
  options: unknown,
  path: readonly (PropertyKey | StandardSchemaV1.PathSegment)[],
  message: string,
): string {
  const keys = path.map((segment) => (typeof segment === "object" ? segment.key : segment));
  const value = keys.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], options);
  if (keys.length === 0) return message;
  const shown = value === undefined ? "is missing" : `is ${JSON.stringify(value)?.slice(0, 80)}`;
  return `option \`${keys.join(".")}\` ${shown}: ${message}`;
}
