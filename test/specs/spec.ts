import { readFileSync } from "node:fs";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import type { ApiExchange } from "../adapters/contract-stage.ts";
import type { Description, Operation } from "./reduce.ts";

/** How a platform's calls are read. */
export interface SpecOptions {
  /** The path in the description, of a path below the simulator's base URL; undefined for what is no API call. */
  toPath(path: string): string | undefined;
  /** The method does not tell operations apart: arguments may come in the query or as a form. */
  readonly isMethodFree?: boolean;
  /** Which of an operation's answers this is. @default by its status */
  answerOf?(exchange: ApiExchange): string;
  /** Arguments that are sent otherwise, for example a token. */
  readonly elsewhere?: readonly string[];
}

/** A platform's own description of its API, to hold calls and answers against. */
export interface Spec {
  /** What does not fit, one line a kind: the operation, where, and what. */
  examine(exchange: ApiExchange): readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

export function loadSpec(platform: string, options: SpecOptions): Spec {
  const file = new URL(`../fixtures/specs/${platform}.json`, import.meta.url);
  const { operations, definitions } = JSON.parse(readFileSync(file, "utf8")) as Description;
  const { toPath, isMethodFree = false, answerOf, elsewhere = [] } = options;
  const rules = { allErrors: true, strict: false, logger: false, verbose: true } as const;
  // Forms and queries carry texts only.
  const [forms, bodies] = [new Ajv({ ...rules, coerceTypes: "array" }), new Ajv(rules)];
  for (const ajv of [forms, bodies]) formats.default(ajv);
  const places = readPlaces(definitions);
  const compiled = new Map<object, ValidateFunction>();
  const merged = new Map<Operation, Fields>();
  // What is written out wins over what stands for anything.
  const ranked = operations.toSorted((a, b) => a.path.split("{").length - b.path.split("{").length);

  function problems(ajv: Ajv, schema: object, value: unknown, what: string): string[] {
    let validate = compiled.get(schema);
    if (validate === undefined) {
      validate = ajv.compile({ ...schema, definitions });
      compiled.set(schema, validate);
    }
    const copy = structuredClone(value);
    return validate(copy) ? [] : (validate.errors ?? []).map((error) => describe(error, what, places));
  }

  function callProblems(operation: Operation, { contentType, body, path }: ApiExchange, name: string): string[] {
    const query = readForm(new URL(path, "http://x").search, operation.query);
    const [type = ""] = contentType.split(";");
    if (isMethodFree) {
      const schema = merged.get(operation) ?? merge([operation.query, ...Object.values(operation.body)], elsewhere);
      merged.set(operation, schema);
      return problems(forms, schema, { ...query, ...readForm(body, schema) }, `${name}: argument`);
    }
    const found = problems(forms, operation.query, query, `${name}: argument`);
    const schema = operation.body[type];
    if (schema === undefined) return body === "" ? found : [...found, `${name}: takes no ${type}`];
    // Files are not held against a schema.
    if (type === "multipart/form-data") return found;
    const isForm = type === "application/x-www-form-urlencoded";
    const value: unknown = isForm ? readForm(body, schema) : JSON.parse(body);
    return [...found, ...problems(isForm ? forms : bodies, closed(schema, definitions), value, `${name}: argument`)];
  }

  return {
    examine(exchange) {
      const path = toPath(exchange.path.split("?", 1)[0]!);
      if (path === undefined) return [];
      const fits = ranked.filter((operation) => isLike(operation.path, path));
      const operation = fits.find(({ method }) => method === exchange.method) ?? (isMethodFree ? fits[0] : undefined);
      if (operation === undefined) return [`${exchange.method} ${path}: not in the description`];
      const name = isMethodFree ? operation.path : `${operation.method} ${operation.path}`;
      const found = callProblems(operation, exchange, name);
      const { status, answer } = exchange;
      // What stands before the operation has answered, or nobody has.
      if (status === 429 || status >= 500 || answer === "") return found;
      const key = answerOf?.(exchange) ?? String(status);
      const schema = operation.answers[key] ?? operation.answers.default;
      // Some descriptions tell of no refusals.
      if (schema === undefined) return status >= 400 ? found : [...found, `${name}: no answer ${key}`];
      return [...found, ...problems(bodies, schema, JSON.parse(answer), `${name}: answer ${key}`)];
    },
  };
}

/** `{id}` stands for anything within one part of a path. */
function isLike(template: string, path: string): boolean {
  const wanted = template.split("/");
  const given = path.split("/");
  return wanted.length === given.length && wanted.every((part, at) => isPartLike(part, given[at]!));
}

function isPartLike(wanted: string, given: string): boolean {
  const [, before, after] = /^([^{]*)\{[^}]*\}(.*)$/.exec(wanted) ?? [];
  if (before === undefined || after === undefined) return wanted === given;
  return given.length > before.length + after.length && given.startsWith(before) && given.endsWith(after);
}

function merge(schemas: readonly object[], elsewhere: readonly string[]): Fields {
  const all = schemas as readonly { readonly properties?: Fields; readonly required?: readonly string[] }[];
  return {
    type: "object",
    properties: Object.assign({}, ...all.map(({ properties }) => properties)),
    required: all.flatMap(({ required = [] }) => required).filter((name) => !elsewhere.includes(name)),
    additionalProperties: false,
  };
}

const closures = new WeakMap<object, object>();

/** Descriptions seldom say that an argument they do not know is wrong. */
function closed(given: Fields, definitions: Fields): object {
  const { $ref } = given;
  const schema =
    typeof $ref === "string" ? (definitions[decodeURIComponent($ref.split("/").at(-1)!)] as Fields) : given;
  if (!("properties" in schema)) return schema;
  const made = closures.get(schema) ?? { ...schema, additionalProperties: false };
  closures.set(schema, made);
  return made;
}

/** A form or a query; lists come as one name several times, or with commas. */
function readForm(text: string, schema: object): Record<string, unknown> {
  const { properties = {} } = schema as { readonly properties?: Readonly<Record<string, { readonly type?: unknown }>> };
  const form = new URLSearchParams(text);
  return Object.fromEntries(
    [...new Set(form.keys())].map((name) => {
      const values = form.getAll(name);
      if (properties[name]?.type === "array") return [name, values.flatMap((value) => value.split(","))];
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}

/**
 * What is wrong, and where: within a definition by its name, so that what many answers share is one line.
 * No values but of lists of choices.
 */
function describe(error: ErrorObject, what: string, placesIn: Places): string {
  const { instancePath, parentSchema, keyword, params, message, data } = error;
  const place = placesIn.get(parentSchema ?? {}) ?? `${what} ${instancePath.replace(/\/\d+(?=\/|$)/g, "/*")}`;
  const { additionalProperty, missingProperty } = params as Readonly<Record<string, string | undefined>>;
  if (keyword === "additionalProperties") return `${place}/${additionalProperty} is not known`;
  if (keyword === "required") return `${place}/${missingProperty} is missing`;
  if (keyword === "enum") return `${place} is ${JSON.stringify(data)}, which is none of the choices`;
  return `${place} ${message}`;
}

/** Where each schema within the definitions stands. */
type Places = WeakMap<object, string>;

function readPlaces(definitions: Fields): Places {
  const places: Places = new WeakMap();
  const walk = (schema: unknown, place: string): void => {
    if (typeof schema !== "object" || schema === null) return;
    places.set(schema, place);
    for (const [key, value] of Object.entries(schema)) {
      if (key === "properties") for (const [name, each] of Object.entries(value)) walk(each, `${place}/${name}`);
      else if (key === "items") walk(value, `${place}/*`);
      else if (["anyOf", "oneOf", "allOf"].includes(key)) for (const each of value) walk(each, place);
    }
  };
  for (const [name, schema] of Object.entries(definitions)) walk(schema, `${name} `);
  return places;
}
