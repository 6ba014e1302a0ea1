import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const SRC = join(ROOT, "src");

/** All sources, with what each imports, types included. */
const files = readdirSync(SRC, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
  .map((entry) => {
    const path = join(entry.parentPath, entry.name);
    const text = readFileSync(path, "utf8");
    const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1]!);
    return { path: relative(SRC, path), text, specifiers };
  });

/** `core`, `storage/sqlite`, `adapters/slack`, … */
function roomOf(path: string): string {
  const [first = "", second = ""] = path.split("/");
  return ["storage", "adapters", "plugins"].includes(first) ? `${first}/${second}` : path.includes("/") ? first : path;
}

function imports(file: (typeof files)[number]): string[] {
  return file.specifiers
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => relative(SRC, resolve(SRC, dirname(file.path), specifier)));
}

/** Which files outside of itself a room may import. */
function isAllowed(room: string, target: string): boolean {
  const isCore = target === "core/index.ts";
  if (room === "core") return false;
  if (room === "index.ts") return isCore;
  if (room.startsWith("storage/") && target.startsWith("storage/shared/")) return true;
  if (room === "storage/memory") return isCore || target === "storage/sqlite/index.ts";
  if (room.startsWith("storage/") && target === "storage/fleet/index.ts") return true;
  if (room === "testing") return isCore || target === "storage/memory/index.ts";
  if (room.startsWith("adapters/")) return isCore || target.startsWith("adapters/shared/");
  if (room === "cli") return !target.startsWith("plugins/");
  return isCore;
}

describe("the house", () => {
  test("has sources", () => {
    expect(files.length).toBeGreaterThan(20);
  });

  test("every room imports only what it may", () => {
    const trespasses = files.flatMap((file) => {
      const room = roomOf(file.path);
      return imports(file)
        .filter((target) => roomOf(target) !== room && !isAllowed(room, target))
        .map((target) => `${file.path} imports ${target}`);
    });
    expect(trespasses).toEqual([]);
  });

  test("core imports only node: and small, pure libraries", () => {
    const allowed = /^(\.|node:|@standard-schema\/spec$|@eslint-community\/regexpp$|keyv$|croner$)/;
    const found = files
      .filter(({ path }) => roomOf(path) === "core")
      .flatMap(({ path, specifiers }) => specifiers.filter((s) => !allowed.test(s)).map((s) => `${path} imports ${s}`));
    expect(found).toEqual([]);
  });

  test("no file imports itself, over however many others", () => {
    const graph = new Map(files.map((file) => [file.path, imports(file)]));
    const circles: string[] = [];
    const done = new Set<string>();
    function walk(path: string, trail: readonly string[]) {
      if (trail.includes(path)) {
        circles.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
        return;
      }
      if (done.has(path)) return;
      for (const next of graph.get(path) ?? []) walk(next, [...trail, path]);
      done.add(path);
    }
    for (const path of graph.keys()) walk(path, []);
    expect(circles).toEqual([]);
  });

  test("the environment is read in the config file and by the command line only", () => {
    expect(
      files
        .filter(
          ({ path, text }) => roomOf(path) !== "cli" && /process\.env\b/.test(text.replace(/^\s*(\*|\/\/).*$/gm, "")),
        )
        .map(({ path }) => path),
    ).toEqual([]);
  });

  test("core does not know the platforms", () => {
    const named = /["'`](slack|twist|twitter|livechat|twilio)["'`]/i;
    expect(
      files
        .filter(({ path, text }) => roomOf(path) === "core" && named.test(text.replace(/^\s*(\*|\/\/).*$/gm, "")))
        .map(({ path }) => path),
    ).toEqual([]);
  });

  test("no file is a hall", () => {
    const long = files.filter(({ text }) => text.split("\n").length > 330).map(({ path }) => path);
    expect(long).toEqual([]);
  });

  test("every name behind the one door has a sentence that says what it is for", () => {
    const exported = new Set(
      [...readFileSync(join(SRC, "index.ts"), "utf8").matchAll(/^\s*(?:export \{ |export type \{ )?(\w+),?/gm)].map(
        (match) => match[1]!,
      ),
    );
    const bare = files
      .filter(({ path }) => path.startsWith("core/") && path !== "core/index.ts")
      .flatMap(({ path, text }) =>
        [...text.matchAll(/(?<!\*\/\n)^export (?:async )?(?:interface|function|const|class|type) (\w+)/gm)]
          .filter((match) => exported.has(match[1]!))
          .map((match) => `${path}: ${match[1]}`),
      );
    expect(exported.size).toBeGreaterThan(50);
    expect(bare).toEqual([]);
  });
});

describe("errors", () => {
  test("every code that is thrown stands in docs/errors.md, and no dead one does", () => {
    const sources = [...files.map(({ text }) => text), readFileSync(join(ROOT, "plugins.config.ts"), "utf8")];
    const thrown = new Set(
      sources.flatMap((text) =>
        [...text.matchAll(/(?:(?:HobnobError|super|refusal)\(\s*(?:\d+,\s*)?|\bcode: )"([A-Z][A-Z_]+)"/g)].map(
          (match) => match[1]!,
        ),
      ),
    );
    // Node's own names look alike.
    for (const code of thrown) if (code.startsWith("ERR_")) thrown.delete(code);
    // Said by the launcher, before there is a HobnobError.
    thrown.add("NODE_TOO_OLD");
    const documented = new Set(
      [...readFileSync(join(ROOT, "docs/errors.md"), "utf8").matchAll(/^\| `([A-Z_]+)`/gm)].map((match) => match[1]!),
    );
    expect([...documented].sort()).toEqual([...thrown].sort());
  });
});
