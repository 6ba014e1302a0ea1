#!/usr/bin/env node
// Begins the command line: from src/ in a checkout, from dist/ when published. Written for any Node that knows modules,
// so that an older one gets as far as finding a newer one.
import { existsSync } from "node:fs";
import module from "node:module";

const OLDEST = 24;

if (Number.parseInt(process.versions.node, 10) >= OLDEST) await run();
else await runWithNewerNode();

async function run() {
  module.enableCompileCache?.();
  const source = new URL("../src/cli/main.ts", import.meta.url);
  const isCheckout = existsSync(source);
  if (isCheckout) {
    // package.json keeps the sources behind this condition: `import … from "hobnob"` then needs no build.
    module.registerHooks({
      resolve(specifier, context, next) {
        if (specifier !== "hobnob" && !specifier.startsWith("hobnob/")) return next(specifier, context);
        return next(specifier, { ...context, conditions: ["hobnob-source", ...context.conditions] });
      },
    });
  }
  const { main } = await import(isCheckout ? source.href : new URL("../dist/cli/main.js", import.meta.url).href);
  process.exitCode = await main(process.argv.slice(2), process.env);
}

async function runWithNewerNode() {
  const node = findNode();
  if (node === undefined) {
    console.error(
      `error: Hobnob needs Node ${OLDEST} or newer, and this is Node ${process.versions.node}. Install Node ${OLDEST}, or run \`npm install --save-dev node@${OLDEST}\`. [NODE_TOO_OLD]`,
    );
    process.exitCode = 1;
    return;
  }
  const { spawn } = await import("node:child_process");
  const child = spawn(node, process.argv.slice(1), { stdio: "inherit" });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`error: ${node} does not start: ${error.message}. Run \`npm ci\` again. [NODE_TOO_OLD]`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    for (const name of signals) process.removeAllListeners(name);
    if (signal === null) process.exitCode = code;
    else process.kill(process.pid, signal);
  });
}

/** The binary of the npm package `node`, from beside this package or from the project in the working directory. */
function findNode() {
  for (const from of [import.meta.url, `${process.cwd()}/package.json`]) {
    const require = module.createRequire(from);
    try {
      const file = require.resolve("node/package.json");
      const { version } = require(file);
      const binary = file.replace(/package\.json$/, process.platform === "win32" ? "bin/node.exe" : "bin/node");
      if (Number.parseInt(version, 10) >= OLDEST && existsSync(binary)) return binary;
    } catch {
      // It is not there: the next place.
    }
  }
  return undefined;
}
