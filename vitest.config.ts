import { defineConfig } from "vitest/config";
import { countReporter } from "./test/count-reporter.ts";

export default defineConfig({
  ssr: { resolve: { conditions: ["hobnob-source"] } },
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ["default", countReporter],
  },
});
