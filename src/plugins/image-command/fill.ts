/** Puts values into a text, at `{name}`. What is not among them stays as it is. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  );
}

/** The same for every text in a piece of JSON; a text that is nothing but `{seed}` becomes the number itself. */
export function fillAll<T>(json: T, values: Readonly<Record<string, string | number>>): T {
  const filled = JSON.stringify(json, (_, value: unknown) => {
    if (typeof value !== "string") return value;
    const name = /^\{(\w+)\}$/.exec(value)?.[1];
    return name !== undefined && Object.hasOwn(values, name) ? values[name] : fill(value, values);
  });
  return JSON.parse(filled) as T;
}
