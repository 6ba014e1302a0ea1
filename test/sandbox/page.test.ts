import { expect, test } from "vitest";
import { openStage } from "./stage.ts";

const TYPES: Readonly<Record<string, string>> = { css: "text/css", js: "text/javascript", svg: "image/svg+xml" };

test("the page comes with everything it names, allows no inline code and asks no other host", async () => {
  await using stage = await openStage();
  const page = await fetch(stage.base);
  expect(page.headers.get("content-type")).toContain("text/html");
  const policy = page.headers.get("content-security-policy");
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain("unsafe");
  const html = await page.text();
  expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|https?:\/\//);

  const seen = new Set<string>();
  const wanted = [...html.matchAll(/(?:src|href)="(\/sandbox\/assets\/[^"]+)"/g)].map((match) => match[1]!);
  for (let path = wanted.pop(); path !== undefined; path = wanted.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const asset = await fetch(stage.base + path);
    expect([path, asset.status]).toEqual([path, 200]);
    expect(asset.headers.get("content-type")).toContain(TYPES[path.split(".").at(-1)!]);
    const text = await asset.text();
    expect(text).not.toMatch(/innerHTML|insertAdjacentHTML|document\.write|\beval\(/);
    for (const [, name] of text.matchAll(/from "\.\/([^"]+)"/g)) wanted.push(`/sandbox/assets/${name}`);
  }
  expect(seen.size).toBeGreaterThan(8);
});

test("nothing but the page's own files can be read", async () => {
  await using stage = await openStage();
  for (const name of ["..%2findex.ts", "%2e%2e/index.ts", "nothing.js", "index.ts", "Style.css"]) {
    expect((await fetch(`${stage.base}/sandbox/assets/${name}`)).status).toBe(404);
  }
});
