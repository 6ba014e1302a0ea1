import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import type { Plugin } from "../../src/core/index.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const PAGES = join(ROOT, "docs/plugins");
const TABLE = /(<!-- options:([\w-]+) -->\n)[\s\S]*?(<!-- \/options -->)/;

/** As much of JSON Schema as options need. */
interface Schema {
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

const pages = readdirSync(PAGES).filter((page) => TABLE.test(readFileSync(join(PAGES, page), "utf8")));

test("there are pages", () => {
  expect(pages).toContain("stale-threads.md");
});

test.each(pages)("the options in %s are the plugin's (UPDATE_DOCS=1 writes them)", async (page) => {
  const path = join(PAGES, page);
  const text = readFileSync(path, "utf8");
  const name = TABLE.exec(text)![2]!;
  const table = renderTable(await schemaOf(name));
  const current = text.replace(TABLE, (_, opening, __, closing) => `${opening}${table}${closing}`);
  if (process.env.UPDATE_DOCS === "1") writeFileSync(path, current);
  else expect(text).toBe(current);
});

async function schemaOf(name: string): Promise<Schema> {
  const module: Record<string, unknown> = await import(join(ROOT, `src/plugins/${name}/index.ts`));
  const plugins = Object.values(module).flatMap((value) =>
    typeof value === "function" ? [(value as () => Partial<Plugin>)()] : [],
  );
  const { options } = plugins.find((plugin) => plugin?.name === name)!;
  return z.toJSONSchema(options as z.ZodType, { io: "input", unrepresentable: "any" }) as Schema;
}

function renderTable(schema: Schema): string {
  const head = ["| option | default | |", "|---|---|---|"];
  return `${[...head, ...rowsOf(schema, "")].join("\n")}\n`;
}

function rowsOf({ properties = {}, required = [] }: Schema, prefix: string): string[] {
  return Object.entries(properties).flatMap(([key, option]) => {
    const path = `${prefix}${key}`;
    const usual = required.includes(key) ? "must be set" : renderDefault(option);
    const about = (option.description ?? "").replace(/\.$/, "").replaceAll("|", "\\|");
    // The value that tells variants apart stands with each of their rows.
    const own = option.const !== undefined && about === "" ? [] : [`| \`${path}\` | ${usual} | ${about} |`];
    return [...own, ...insideOf(option, path)];
  });
}

function insideOf(option: Schema, path: string): string[] {
  const { properties, items, anyOf, oneOf } = option;
  if (properties !== undefined) return rowsOf(option, `${path}.`);
  if (items !== undefined) return insideOf(items, `${path}[]`);
  return (anyOf ?? oneOf ?? []).flatMap((variant) => {
    const kind = Object.values(variant.properties ?? {}).find((value) => value.const !== undefined)?.const;
    return insideOf(variant, kind === undefined ? path : `${path} (${kind})`);
  });
}

function renderDefault(option: Schema): string {
  const { default: usual, properties } = option;
  if (usual === undefined || (properties !== undefined && Object.keys(usual as object).length === 0)) return "";
  const code = JSON.stringify(usual).replaceAll("|", "\\|");
  return code.includes("`") ? `\`\` ${code} \`\`` : `\`${code}\``;
}
