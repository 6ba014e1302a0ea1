import { HobnobError, suggest } from "../../core/index.ts";

/** What an option must be: a text that is not empty, a whole number from 1 on, one of some texts, or what its reader checks. */
type Kind = "text" | "count" | "any" | readonly string[];

/**
 * Checks what a storage is made with, before anything is opened with it.
 * @param factory the name of the storage's function, for messages
 * @param needed the option that must be there, with an example of it
 * @throws HobnobError `CONFIG_INVALID`
 */
export function checkOptions(
  factory: string,
  options: unknown,
  { kinds, needed }: { readonly kinds: Readonly<Record<string, Kind>>; readonly needed?: readonly [string, string] },
): void {
  const example = needed === undefined ? "" : `, for example ${factory}({ ${needed[0]}: "${needed[1]}" })`;
  if (typeof options !== "object" || options === null) {
    throw invalid(`${factory}() takes its options as one object${example}.`);
  }
  for (const [key, value] of Object.entries(options)) {
    if (!Object.hasOwn(kinds, key)) {
      throw invalid(`${factory}() has no option \`${key}\`${suggest(key, Object.keys(kinds))}.`);
    }
    const fault = value === undefined ? undefined : findFault(kinds[key]!, value);
    if (fault !== undefined) throw invalid(`Option \`${key}\` of ${factory}() ${fault}`);
  }
  if (needed === undefined || (options as Readonly<Record<string, unknown>>)[needed[0]] !== undefined) return;
  throw invalid(`Option \`${needed[0]}\` of ${factory}() is missing${example}.`);
}

function findFault(kind: Kind, value: unknown): string | undefined {
  if (kind === "any") return undefined;
  // A text may hold a password: it is not shown.
  if (kind === "text") {
    if (typeof value !== "string") return `must be a text, and is of type ${typeof value}.`;
    return value === "" ? "is an empty text. Leave it out, or write its value." : undefined;
  }
  if (kind === "count") {
    if (Number.isSafeInteger(value) && (value as number) > 0) return undefined;
    return `is ${typeof value === "number" ? value : JSON.stringify(value)}. Write a whole number from 1 on.`;
  }
  if (kind.includes(value as string)) return undefined;
  return `is ${JSON.stringify(value)}. Write ${kind.map((one) => `"${one}"`).join(" or ")}.`;
}

const invalid = (message: string) => new HobnobError("CONFIG_INVALID", message);
