// Makes test/fixtures/specs/<platform>.json from a platform's own description of its API (Swagger 2 or OpenAPI 3):
//   node test/specs/reduce.ts slack slack_web_openapi_v2.json
// Only the operations below are kept, and of them only the structure: types, required fields, enums, formats.
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

type Json = Readonly<Record<string, unknown>>;

/** An operation as test/specs/spec.ts reads it; every schema is JSON Schema draft 7 with `#/definitions/…`. */
export interface Operation {
  readonly method: string;
  /** With `{names}`. */
  readonly path: string;
  readonly query: Json;
  /** By content type. */
  readonly body: Readonly<Record<string, Json>>;
  /** By status, or `default`. */
  readonly answers: Readonly<Record<string, Json>>;
}

/** A reduced description. */
export interface Description {
  readonly source: string;
  readonly version: string;
  readonly operations: readonly Operation[];
  readonly definitions: Json;
}

const FORM = "application/x-www-form-urlencoded";

/** What our adapters call, or a simulator offers. */
const KEPT: Readonly<Record<string, RegExp>> = {
  slack:
    /^\/(api\.test|auth\.(test|revoke)|bots\.info|chat\.(postMessage|postEphemeral|update|delete|getPermalink)|conversations\.(history|replies|info|list|members|open|join)|files\.info|oauth\.v2\.access|reactions\.(add|remove|get)|team\.info|users\.(conversations|info|list|lookupByEmail))$/,
  twilio:
    /^\/2010-04-01\/Accounts\/(\{Sid\}\.json|\{AccountSid\}\/(Messages|IncomingPhoneNumbers|Balance)(\/\{Sid\}|\/\{MessageSid\}\/Media(\/\{Sid\})?)?\.json)$/,
  twitter:
    /^\/2\/(tweets(\/\{id\}|\/search\/recent)?|users\/(me|\{id\}|by(\/username\/\{username\})?|\{id\}\/(mentions|tweets|likes))?|users|dm_conversations\/.*|dm_events.*|media\/(upload.*|metadata)|webhooks.*|account_activity\/.*|activity\/.*)$/,
  zendesk:
    /^\/api\/v2\/(tickets(\/count|\/show_many|\/\{ticket_id\}(\/comments|\/tags)?)?|users(\/me|\/search|\/show_many|\/create_or_update|\/\{user_id\})?|groups(\/\{group_id\})?|search(\/count)?|uploads(\/\{token\})?|attachments\/\{attachment_id\}|triggers(\/\{trigger_id\})?)$/,
};

/** Words about the structure, not the structure. */
const PROSE = [
  "description",
  "summary",
  "title",
  "example",
  "examples",
  "externalDocs",
  "deprecated",
  "discriminator",
  "default",
];

function reduce(platform: string, file: string): Description {
  const source = JSON.parse(readFileSync(file, "utf8")) as Json;
  const { version } = source.info as { version: string };
  const isSwagger = source.swagger !== undefined;
  const all = (isSwagger ? source.definitions : (source.components as Json).schemas) as Json;
  const operations = Object.entries(source.paths as Readonly<Record<string, Json>>)
    .filter(([path]) => KEPT[platform]!.test(path))
    .flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([method]) => ["get", "post", "put", "delete"].includes(method))
        .map(([method, operation]) => reduceOperation(method.toUpperCase(), path, operation as Json, source)),
    );
  const definitions = Object.fromEntries(reachable(operations, all).map((name) => [name, reduceSchema(all[name])]));
  return { source: basename(file), version, operations, definitions };
}

interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly required?: boolean;
  readonly schema?: Json;
}

interface Answer {
  readonly schema?: Json;
  readonly content?: Readonly<Record<string, Json>>;
}

function reduceOperation(method: string, path: string, operation: Json, source: Json): Operation {
  const parameters = ((operation.parameters ?? []) as readonly Json[]).map(
    (each) => resolve(each, source) as unknown as Parameter,
  );
  const of = (place: string) => schemaOf(parameters.filter((each) => each.in === place));
  const requestBody = resolve((operation.requestBody ?? {}) as Json, source);
  const content = (requestBody.content ?? {}) as Readonly<Record<string, Json>>;
  const body = Object.fromEntries(
    Object.entries(content).map(([type, each]) => [type, reduceSchema(each.schema) as Json]),
  );
  const answers = Object.entries(operation.responses as Readonly<Record<string, Json>>).flatMap(([status, answer]) => {
    const { schema, content: types = {} } = resolve(answer, source) as Answer;
    const found = [
      schema,
      ...Object.entries(types).map(([type, each]) => (/json$/.test(type) ? each.schema : undefined)),
    ]
      .filter((each) => each !== undefined)
      .map(reduceSchema);
    return found.length === 0 ? [] : [[status, (found.length === 1 ? found[0] : { anyOf: found }) as Json] as const];
  });
  const isForm = parameters.some((each) => each.in === "formData");
  return {
    method,
    path,
    query: of("query"),
    body: isForm ? { [FORM]: of("formData") } : body,
    answers: Object.fromEntries(answers),
  };
}

/** The parameters of one place as an object. */
function schemaOf(parameters: readonly Parameter[]): Json {
  const properties = parameters.map(({ in: _, name, required: __, schema, ...own }) => [
    name,
    reduceSchema(schema ?? own),
  ]);
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    required: parameters.filter(({ required }) => required).map(({ name }) => name),
    additionalProperties: false,
  };
}

function resolve(value: Json, source: Json): Json {
  if (typeof value.$ref !== "string") return value;
  return value.$ref
    .slice(2)
    .split("/")
    .reduce<unknown>((at, key) => (at as Json)[key], source) as Json;
}

/** A schema without its prose, as JSON Schema: `nullable` becomes a type, references point into `definitions`. */
function reduceSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(reduceSchema);
  if (typeof schema !== "object" || schema === null) return schema;
  const { nullable, ...rest } = schema as Json;
  const reduced: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(rest)) {
    if (key.startsWith("x-") || PROSE.includes(key)) continue;
    if (key === "$ref") reduced.$ref = `#/definitions/${encodeURIComponent(String(value).split("/").at(-1)!)}`;
    else if (key === "enum" || key === "required") reduced[key] = [...new Set(value as readonly unknown[])];
    else if (key === "const") reduced[key] = value;
    else if (key === "properties" || key === "patternProperties") {
      reduced[key] = Object.fromEntries(
        Object.entries(value as Json).map(([name, each]) => [name, reduceSchema(each)]),
      );
    } else reduced[key] = reduceSchema(value);
  }
  if (nullable !== true) return reduced;
  if (typeof reduced.type !== "string") return { anyOf: [reduced, { type: "null" }] };
  const choices = reduced.enum as readonly unknown[] | undefined;
  return { ...reduced, type: [reduced.type, "null"], ...(choices && { enum: [...choices, null] }) };
}

/** The names of all definitions that the operations lead to. */
function reachable(operations: readonly Operation[], all: Json): readonly string[] {
  const names = new Set<string>();
  const walk = (text: string) => {
    for (const [, encoded] of text.matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)) {
      const name = decodeURIComponent(encoded!);
      if (names.has(name)) continue;
      names.add(name);
      walk(JSON.stringify(reduceSchema(all[name])));
    }
  };
  walk(JSON.stringify(operations));
  return [...names].sort();
}

const [platform, file] = process.argv.slice(2);
if (platform === undefined || file === undefined || !Object.hasOwn(KEPT, platform)) {
  console.error(`Usage: node test/specs/reduce.ts ${Object.keys(KEPT).join("|")} FILE`);
  process.exitCode = 2;
} else {
  const target = new URL(`../fixtures/specs/${platform}.json`, import.meta.url);
  writeFileSync(target, `${JSON.stringify(reduce(platform, file), undefined, 1)}\n`);
}
