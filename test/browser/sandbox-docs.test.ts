import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { openStage } from "./stage.ts";

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

test("the examples of the documentation work in a shell as they stand", async () => {
  await using stage = await openStage();
  const folder = mkdtempSync(join(tmpdir(), "hobnob-docs-"));
  try {
    writeFileSync(join(folder, "curl"), CURL, { mode: 0o755 });
    const script = EXAMPLES.join("\n").replaceAll("http://127.0.0.1:3000", stage.url);
    const PATH = `${folder}${delimiter}${process.env.PATH}`;
    const { stdout } = await promisify(execFile)("sh", ["-ec", script], { env: { PATH } });
    const answers = stdout.trim().split("\n");
    // One call keeps its answer in a variable.
    expect(answers).toHaveLength(script.match(/\bcurl /g)!.length - 1);
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
