import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import type { TestProject } from "vitest/node";
import { unpackChromium } from "./unpack-chromium.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the tests find their browser. */
    browserEndpoint: string;
  }
}

const DEBIAN = "/usr/bin/chromium";

/**
 * Starts one browser for all tests of a run: the one that CHROMIUM_PATH names, else Debian's, else the one that npm
 * brought; `CHROMIUM_PATH=npm` takes the last in any case.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const wanted = process.env.CHROMIUM_PATH || (existsSync(DEBIAN) ? DEBIAN : "npm");
  const found = wanted === "npm" ? await unpackChromium() : { executablePath: wanted };
  const server = await chromium.launchServer({ ...found, host: "127.0.0.1" });
  project.provide("browserEndpoint", server.wsEndpoint());
  return () => server.close();
}
