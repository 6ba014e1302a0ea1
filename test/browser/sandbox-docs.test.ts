import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { definePlugin } from "../../src/core/index.ts";
import type { Overview } from "../../src/sandbox/shown.ts";
import { everyAdapter, openStage } from "./stage.ts";

const DOCS = readFileSync(resolve(import.meta.dirname, "../../docs/sandbox.md"), "utf8");
const EXAMPLES = [...DOCS.matchAll(/^```sh\n(.*?)^```/gms)].map((match) => match[1]!);

/** As much of curl as the examples use, for machines without it; it prints an answer a line. */
const CURL = `#!${process.execPath}
const { parseArgs } = require("node:util");
const options = { silent: { short: "s", type: "boolean" }, request: { short: "X", type: "string" }, header: { short: "H", type: "string", multiple: true }, data: { short: "d", type: "string" } };
const { values, positionals: [url] } = parseArgs({ options, allowPositionals: true });
const headers = (values.header ?? []).map((line) => line.split(/: */));
fetch(url, { method: values.request ?? (values.data === undefined ? "GET" : "POST"), headers, body: values.data }).then(async (response) => {
  console.log(await response.text());
  if (!response.ok) process.exitCode = 22;
});
`;

const colours = definePlugin({
  name: "colours",
  setup(bot) {
    bot.hears(/colour/, (ctx) => ctx.reply({ text: "Which one?", buttons: [{ id: "red", label: "Red" }] }));
  },
});

test("the examples of the documentation work in a shell as they stand", async () => {
  await using stage = await openStage({ adapters: everyAdapter, plugins: [colours()] });
  const folder = mkdtempSync(join(tmpdir(), "hobnob-docs-"));
  try {
    writeFileSync(join(folder, "curl"), CURL, { mode: 0o755 });
    const script = EXAMPLES.join("\n").replaceAll("http://127.0.0.1:3000", stage.url);
    const PATH = `${folder}${delimiter}${process.env.PATH}`;
    const { stdout } = await promisify(execFile)("sh", ["-ec", script], { env: { PATH } });
    const answers = stdout.trim().split("\n");
    // Two calls keep their answers in variables, one waits.
    expect(answers).toHaveLength(script.match(/\bcurl /g)!.length - 3);
    for (const answer of answers) expect(JSON.parse(answer)).not.toHaveProperty("error");
    expect(answers).toContainEqual(expect.stringContaining('"text":"good evening"'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.each(["events", "chat.postMessage"])("every fault on %s has its line in the documentation", async (on) => {
  await using stage = await openStage();
  const response = await fetch(`${stage.url}/sandbox/slack/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ on, kind: "none" }),
  });
  const { error } = (await response.json()) as { readonly error: { readonly message: string } };
  const known = /Known: (.*)\.$/.exec(error.message)![1]!.split(", ");
  const row = on === "events" ? /^\| `events` +\| `([^`]+)`/gm : /^\| a method, or `\*` +\| `([^`]+)`/gm;
  expect([...DOCS.matchAll(row)].map((match) => match[1]).sort()).toEqual(known.sort());
});

test("each platform has a section with its conversations and the call its bots post with", async () => {
  await using stage = await openStage({ adapters: everyAdapter });
  const { platforms } = await stage.control<{ readonly platforms: readonly Overview[] }>("");
  const sections = new Map(DOCS.split(/^### /m).map((part) => [part.split("\n")[0]!, part]));
  for (const { title, home, conversations, replyMethod } of platforms) {
    const section = sections.get(title) ?? "";
    if (home !== "") expect(section).toContain(`\`${home}\` (the first)`);
    expect(section).toContain(`\`${replyMethod}\``);
    // Of the direct ones Ada's stands for all.
    const named = conversations.filter(({ name, isDirect }) => !isDirect || name.includes("ada"));
    for (const { name } of named) expect(section).toContain(`\`${name}\``);
  }
});
