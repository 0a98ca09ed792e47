import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "sluice-births-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Mean absolute errors of the model and of ridge regression. */
function errorsOf(model: string, seed: number): { model: number; ridge: number } {
  const words = ["--model", model, "--seed", String(seed), "--out", folder];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["tools/run.mjs", "examples/births/main.ts", ...words],
    { cwd: root, encoding: "utf8" },
  );
  expect([status, stderr]).toEqual([0, expect.not.stringMatching(/error/i)]);
  const figure = (name: RegExp) => Number(name.exec(stdout)?.[1]);
  return { model: figure(/\(sluice\) +([\d.]+)/), ridge: figure(/ridge.* ([\d.]+)/) };
}

describe("the births forecast with its defaults", () => {
  test("the LSTM beats ridge regression in the median of three seeds", () => {
    const errors = [1, 2, 3].map((seed) => errorsOf("lstm", seed));
    const [, median = Number.NaN] = errors.map(({ model }) => model).sort((a, b) => a - b);
    expect(median).toBeGreaterThan(100);
    expect(median).toBeLessThan(errors[0]?.ridge ?? Number.NaN);
  });

  test.each(["gru", "simpleRNN"])("the %s beats both seasonal-naive forecasts", (kind) => {
    // Status 0 says that they are beaten; lag 364 is off by 353 births.
    expect(errorsOf(kind, 1).model).toBeLessThan(353.4);
  });
});
