import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { parseDuration } from "../../src/core/index.ts";
import { imageCommand } from "../../src/plugins/image-command/index.ts";
import { launch, launcher } from "../cli/stage.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const textOf = (file: string) => readFileSync(join(ROOT, file), "utf8");

interface Service {
  readonly image: string;
  readonly profiles: readonly string[];
  readonly command?: readonly string[];
  readonly stop_grace_period?: string;
}

const compose = textOf("compose.yaml");
const { services } = parse(compose, { merge: true }) as { readonly services: Readonly<Record<string, Service>> };
const docker = textOf("Dockerfile");
const unit = textOf("deploy/hobnob.service");
const CMD = JSON.parse(/^CMD (\[.*\])$/m.exec(docker)![1]!) as readonly string[];
const bots = Object.entries(services)
  .filter(([, { image }]) => image === "hobnob")
  .map(([name, { command = CMD, ...service }]) => ({ name, command, ...service }));
const stopTimeout = parseDuration(
  /@default "(\w+)" \*\/\s+readonly stopTimeout/.exec(textOf("src/core/config.ts"))![1]!,
)!;

test("there are bots", () => {
  expect(bots.map(({ name }) => name)).toEqual(["bot", "serve", "work", "work-gpu"]);
});

test.each([...bots, { name: "the unit", command: /^ExecStart=\S+ bin\/hobnob\.js (.*)$/m.exec(unit)![1]!.split(" ") }])(
  "what $name is started with is a command with these options",
  ({ command: [command, ...args] }) => {
    const { stdout, status } = spawnSync(process.execPath, [launcher, command!, "--help"], { encoding: "utf8" });
    expect(status).toBe(0);
    for (const option of args.filter((arg) => arg.startsWith("--"))) expect(stdout).toContain(`  ${option} `);
  },
);

test("the bots of a fleet serve every pool that a handler here has", () => {
  const schema = z.toJSONSchema(imageCommand().options as z.ZodType, { io: "input", unrepresentable: "any" }) as {
    readonly properties: Readonly<Record<string, { readonly default?: unknown }>>;
  };
  const pools = bots.flatMap(({ command }) =>
    command.includes("--pool") ? [command[command.indexOf("--pool") + 1]] : [],
  );
  expect(pools.sort()).toEqual(["default", schema.properties.pool!.default]);
});

test("whoever stops a bot waits longer than its handlers may take", () => {
  expect(stopTimeout).toBeGreaterThan(0);
  for (const { name, stop_grace_period: grace } of bots) {
    expect(parseDuration(grace as `${number}s`), name).toBeGreaterThan(stopTimeout + 10_000);
  }
  expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)![1]) * 1000).toBeGreaterThan(stopTimeout + 10_000);
});

test("one port: of the bots, of the health check, of the proxy", () => {
  const port = /^EXPOSE (\d+)$/m.exec(docker)![1]!;
  for (const { name, command } of bots) expect(command[command.indexOf("--port") + 1], name).toBe(port);
  expect(docker).toContain(`http://127.0.0.1:${port}/ready`);
  expect(compose).toContain(`dynamic a webhooks ${port} {`);
});

test("Redis writes before it answers and throws nothing away", () => {
  const settings = services.redis!.command!.join(" ");
  for (const setting of ["--appendonly yes", "--appendfsync always", "--maxmemory-policy noeviction"]) {
    expect(settings).toContain(setting);
  }
});

test("every variable of compose.yaml is explained", () => {
  const known = textOf(".env.example") + textOf("docs/deploy.md");
  const names = [...compose.matchAll(/\$\{(\w+)/g)].map((match) => match[1]!);
  expect(names).toContain("HOBNOB_URL");
  expect(names.filter((name) => !known.includes(name))).toEqual([]);
});

test.skipIf(spawnSync("systemd-analyze", ["--version"]).error !== undefined)("systemd takes the unit as it is", () => {
  const folder = mkdtempSync(join(tmpdir(), "hobnob-unit-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "hobnob.service");
  // Node is elsewhere on this machine.
  writeFileSync(file, unit.replace("/usr/bin/node", process.execPath));
  const { stdout, stderr, status } = spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" });
  expect({ stdout, stderr, status }).toEqual({ stdout: "", stderr: "", status: 0 });
});

describe("the image", () => {
  const copied = [...docker.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) => match[1]!.split(" "));

  test("what it copies is there, and .dockerignore lets it through and no more", () => {
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    const let_ = [...textOf(".dockerignore").matchAll(/^!(.+)$/gm)].map((match) => match[1]!);
    expect(textOf(".dockerignore")).toMatch(/^\*\n/);
    expect(let_.sort()).toEqual([...new Set(copied)].sort());
  });

  test("is run by a user without rights, by Node itself, and holds no setting but production", () => {
    const last = docker.slice(docker.lastIndexOf("\nFROM "));
    expect(last).toMatch(/^USER node$/m);
    expect(last).toMatch(/^ENTRYPOINT \["node", "bin\/hobnob\.js"\]$/m);
    expect([...docker.matchAll(/^(?:ENV|ARG) (.*)$/gm)].map((match) => match[1])).toEqual(["NODE_ENV=production"]);
  });

  test("needs no package that is there for development only", () => {
    const { dependencies } = JSON.parse(textOf("package.json")) as { dependencies: Record<string, string> };
    const used = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) => [
        ...textOf(`src/${file}`).matchAll(
          /(?:^(?:import (?!type)|export |\}).*\bfrom |\bimport\()"([\w@][\w./@:-]*)"/gm,
        ),
      ])
      .map((match) => /^(?:@[^/]+\/)?[^/]+/.exec(match[1]!)![0])
      .filter((name) => !name.startsWith("node:") && name !== "hobnob");
    expect(used).toContain("pino");
    expect([...new Set(used)].filter((name) => !Object.hasOwn(dependencies, name))).toEqual([]);
  });

  test("starts from dist, is healthy, and stops when it is told to", { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "hobnob-image-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
    // Type errors are another test's business.
    spawnSync(join(ROOT, "node_modules/.bin/tsc"), [
      "-p",
      join(ROOT, "tsconfig.build.json"),
      "--outDir",
      join(folder, "dist"),
    ]);
    for (const path of ["bin", "package.json"]) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    writeFileSync(
      join(folder, "plugins.config.ts"),
      `import { defineConfig } from "hobnob";
import { pizza } from "hobnob/plugins/pizza";
import { sqlite } from "hobnob/storage/sqlite";
export default defineConfig({ name: "boxed", storage: sqlite({ file: "data/hobnob.db" }), adapters: [], plugins: [pizza()] });
`,
    );
    const args = CMD.map((arg) => (arg === "3000" ? "0" : arg));
    const bot = launch([join(folder, "bin/hobnob.js"), ...args], folder, { NODE_ENV: "production" });
    onTestFinished(() => void bot.process.kill("SIGKILL"));
    await bot.said("Ctrl+C stops it.");
    const url = /http:\/\/\S+/.exec(bot.output())![0];
    const check = /^ {2}CMD \["node", "-e", "(.*)"\]$/m.exec(docker)![1]!;
    const ask = (base: string) =>
      spawnSync(process.execPath, ["-e", check.replace(/http:\/\/127\.0\.0\.1:3000/, base)]).status;
    expect(ask(url)).toBe(0);
    expect(existsSync(join(folder, "data/hobnob.db"))).toBe(true);
    bot.process.kill("SIGTERM");
    expect(await bot.ended).toMatchObject({ code: 0 });
    expect(ask(url)).toBe(1);
  });
});
