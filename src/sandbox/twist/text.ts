import type { Person } from "./workspace.ts";

/** What a person typed, as Twist keeps it: `@name` as a link to the person. */
export function encodeText(typed: string, personNamed: (name: string) => Person | undefined): string {
  return typed.replace(/(?<![\w@])@([\w.-]*\w)/g, (found, name: string) => {
    const person = personNamed(name);
    return person === undefined ? found : `[${person.name}](twist-mention://${person.id})`;
  });
}

/** Kept text as people see it. */
export function decodeText(content: string): string {
  return content.replace(/\[([^[\]\n]+)\]\(twist-mention:\/\/\d+\)/g, "@$1");
}
