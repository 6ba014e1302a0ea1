import type { Reporter } from "vitest/node";

/** Ends the run with the line `N passed, N failed` alone, for continuous integration. */
export const countReporter: Reporter = {
  onTestRunEnd(modules, errors) {
    let passed = 0;
    let failed = errors.length;
    let skipped = 0;
    for (const module of modules) {
      const states = [...module.children.allTests()].map((test) => test.result().state);
      passed += states.filter((state) => state === "passed").length;
      failed += states.filter((state) => state === "failed" || state === "pending").length;
      skipped += states.filter((state) => state === "skipped").length;
      if (module.state() === "failed" && states.every((state) => state === "passed")) failed += 1;
    }
    // Last of all, after the other reporters have had their say.
    process.once("exit", () =>
      process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`),
    );
  },
};
