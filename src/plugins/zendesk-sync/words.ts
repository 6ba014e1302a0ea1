/** What a person asks for in the thread of a ticket; anything else is talk. */
export type Wish =
  | { readonly kind: "close" | "reopen" | "help" | "stats" | "report" }
  | { readonly kind: "assign"; readonly email: string | undefined }
  | { readonly kind: "priority"; readonly priority: string }
  /** Without `status`: what is it? */
  | { readonly kind: "status"; readonly status: string | undefined };

/** Only a text that says nothing else is a wish: "please resolve this" is talk. */
export function readWish(text: string, closingWords: readonly string[]): Wish | undefined {
  const said = fold(text);
  if (closingWords.some((word) => fold(word) === said)) return { kind: "close" };
  if (said === "help" || said === "reopen" || said === "stats" || said === "report") return { kind: said };
  const [, verb, value] = /^(assign|priority|status)(?: (\S+))?$/.exec(said) ?? [];
  if (verb === "assign" && (value === "me" || value?.includes("@"))) {
    return { kind: "assign", email: value === "me" ? undefined : value };
  }
  if (verb === "priority" && value !== undefined && PRIORITIES.includes(value)) {
    return { kind: "priority", priority: value };
  }
  if (verb === "status" && (value === undefined || STATUSES.includes(value))) return { kind: "status", status: value };
  return undefined;
}

const PRIORITIES = ["low", "normal", "high", "urgent"];
const STATUSES = ["open", "pending", "hold", "solved"];

// An emoji may bring a sign that says it is one.
function fold(text: string): string {
  return text.replaceAll("\uFE0F", "").trim().replace(/\s+/g, " ").toLowerCase();
}
