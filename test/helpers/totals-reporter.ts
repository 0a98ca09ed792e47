import type { Reporter, TestModule } from "vitest/node";

/** Ends the run with one plain line of totals, for scripts that read the log. */
export class TotalsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const totals = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== "pending") totals[state] += 1;
      }
      // A file that cannot be loaded has no tests to count, yet it is a failure.
      totals.failed += module.state() === "failed" && module.errors().length > 0 ? 1 : 0;
    }
    const skipped = totals.skipped === 0 ? "" : `, ${totals.skipped} skipped`;
    console.log(`${totals.passed} passed, ${totals.failed} failed${skipped}`);
  }
}
