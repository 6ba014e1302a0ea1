import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import "../../examples/pigeon/pigeon.test.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const page = readFileSync(join(ROOT, "docs/write-an-adapter.md"), "utf8");

describe("the page on how to write an adapter", () => {
  test.each(["pigeon.ts", "fake-pigeon.ts", "pigeon.test.ts"])("shows %s as it runs here", (name) => {
    const code = readFileSync(join(ROOT, "examples/pigeon", name), "utf8");
    expect(page).toContain(`\`\`\`ts\n${code}\`\`\``);
  });
});
