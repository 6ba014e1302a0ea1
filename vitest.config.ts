import { defineConfig } from "vitest/config";
import { countReporter } from "./test/count-reporter.ts";

const BROWSER_TESTS = "test/browser/**/*.test.ts";

export default defineConfig({
  ssr: { resolve: { conditions: ["hobnob-source"] } },
  test: {
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Most of the time here is waiting, for processes, servers and disks.
    maxWorkers: "100%",
    reporters: ["default", countReporter],
    projects: [
      { extends: true, test: { name: "node", include: ["*.test.ts", "test/**/*.test.ts"], exclude: [BROWSER_TESTS] } },
      {
        extends: true,
        test: {
          name: "browser",
          include: [BROWSER_TESTS],
          // A project of its own, so that a run without these tests unpacks and starts no browser.
          globalSetup: "test/browser/browser-setup.ts",
          // All pages share one browser, and it the machine with everything else.
          testTimeout: 120_000,
          expect: { poll: { interval: 20, timeout: 30_000 } },
          // Most of the time here is waiting.
          sequence: { concurrent: true },
        },
      },
    ],
  },
});
