import { fill } from "../../core/index.ts";

/** Puts values into every text in a piece of JSON, at `{name}`; a text that is nothing but `{seed}` becomes the number itself. */
export function fillAll<T>(json: T, values: Readonly<Record<string, string | number>>): T {
  const filled = JSON.stringify(json, (_, value: unknown) => {
    if (typeof value !== "string") return value;
    const name = /^\{(\w+)\}$/.exec(value)?.[1];
    return name !== undefined && Object.hasOwn(values, name) ? values[name] : fill(value, values);
  });
  return JSON.parse(filled) as T;
}
