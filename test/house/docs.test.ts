import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const pages = ["README.md", "AGENTS.md", "CONTRIBUTING.md", "CHANGELOG.md"].concat(
  readdirSync(join(ROOT, "docs"), { recursive: true })
    .map(String)
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`),
);
const textOf = (page: string) => readFileSync(join(ROOT, page), "utf8");

test("every code block of the documents compiles", () => {
  const folder = mkdtempSync(join(tmpdir(), "hobnob-docs-"));
  try {
    let blocks = 0;
    for (const page of pages) {
      const place = join(folder, page.replace(/\W/g, "-"));
      for (const [index, match] of [...textOf(page).matchAll(/^```ts\n([\s\S]*?)^```/gm)].entries()) {
        const code = match[1]!;
        // A block that says its file's name can be imported by the others of its page.
        const name = /^\/\/ (\S+\.ts)$/m.exec(code)?.[1] ?? `block-${index}.ts`;
        mkdirSync(place, { recursive: true });
        writeFileSync(join(place, name), `${code}\nexport {};\n`);
        blocks += 1;
      }
    }
    expect(blocks).toBeGreaterThan(5);
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    const paths = {
      hobnob: ["src/index.ts"],
      "hobnob/testing": ["src/testing/index.ts"],
      "hobnob/*": ["src/*/index.ts"],
    };
    const config = {
      extends: join(ROOT, "tsconfig.json"),
      compilerOptions: {
        typeRoots: [join(ROOT, "node_modules/@types")],
        paths: Object.fromEntries(Object.entries(paths).map(([name, [file]]) => [name, [join(ROOT, file!)]])),
      },
      include: ["**/*.ts"],
      exclude: ["node_modules"],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    const { stdout, status } = spawnSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" });
    expect(stdout).toBe("");
    expect(status).toBe(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("every link of the documents leads somewhere", () => {
  const dead = pages.flatMap((page) =>
    [...textOf(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
      .filter((match) => !existsSync(resolve(ROOT, dirname(page), match[1]!)))
      .map((match) => `${page} → ${match[1]}`),
  );
  expect(dead).toEqual([]);
});

test("what the documents name of the repository is there", () => {
  const dead = pages.flatMap((page) =>
    [...textOf(page).matchAll(/`((?:src|test|docs|bench|core|storage|adapters|sandbox)\/[\w./-]+\.ts)`/g)]
      .filter(([, path]) => !existsSync(join(ROOT, path!)) && !existsSync(join(ROOT, "src", path!)))
      .map((match) => `${page} → ${match[1]}`),
  );
  expect(dead).toEqual([]);
});
