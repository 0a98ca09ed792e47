import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

describe("the fine-tuning program", () => {
  test("a pretrained LSTM, frozen below, beats training from scratch on 200 samples, for each of three seeds", () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["tools/run.mjs", "examples/fine-tune/main.ts"],
      { cwd: root, encoding: "utf8" },
    );
    expect([status, stderr]).toEqual([0, expect.not.stringMatching(/error/i)]);
    const rows = [...stdout.matchAll(/^(\d+) +([\d.]+) +([\d.]+) +([\d.]+)$/gm)].map((row) =>
      row.slice(1).map(Number),
    );
    expect(rows.map(([seed]) => seed)).toEqual([1, 2, 3]);
    for (const [, scratch = 0, fineTuned = Number.NaN, unfrozen = Number.NaN] of rows) {
      expect(fineTuned).toBeLessThan(scratch);
      expect(unfrozen).toBeLessThan(scratch);
      // About 110 births a day that are drawn at random: no forecast is nearer than √110 · √(2/π).
      expect(fineTuned).toBeGreaterThan(8);
    }
    expect(stdout).toMatch(/^Adapter .+\n/);
  });
});
