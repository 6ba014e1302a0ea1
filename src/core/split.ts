export function splitText(text: string, limit: number, _measure?: (text: string) => number): string[] {
  const parts = [];
  for (let at = 0; at < text.length; at += limit) parts.push(text.slice(at, at + limit));
  return parts;
}
