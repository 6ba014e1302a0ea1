import { readFile } from "node:fs/promises";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

const SECURITY = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache",
};

/** A file of the page; undefined when there is none of that name. */
export async function asset(name: string): Promise<Response | undefined> {
  const match = /^[a-z][a-z-]*\.(html|css|js|svg)$/.exec(name);
  if (!match) return undefined;
  try {
    // Beside this file both in the sources and in a build.
    const body = await readFile(new URL(`./page/${name}`, import.meta.url));
    return new Response(body, { headers: { ...SECURITY, "content-type": TYPES[match[1]!]! } });
  } catch {
    return undefined;
  }
}
