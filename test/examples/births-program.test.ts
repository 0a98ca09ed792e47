import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { zeros } from "../../src/tensor/index.ts";
import { loadLayersModel } from "../../src/train/index.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "sluice-births-"));
afterAll(() => rmSync(folder, { recursive: true }));

function run(...flags: string[]) {
  const words = ["tools/run.mjs", "examples/births/main.ts", ...flags];
  return spawnSync(process.execPath, words, { cwd: root, encoding: "utf8" });
}

describe("the births program", () => {
  test("trains, reports and writes its results", { timeout: 120_000 }, async () => {
    const { status, stdout, stderr } = run("--model", "gru", "--epochs", "1", "--out", folder);
    expect([status, stderr]).toEqual([0, expect.not.stringMatching(/error/i)]);
    expect(stdout).toMatch(/^Adapter {4}.+\nData {7}births/);
    expect(stdout).toMatch(
      /Epoch 1\/1 {2}225\/225 {2}[\d.]+ (ms|s|µs)\/step {2}loss 0\.\d+ {2}val_loss 0\.\d+/,
    );
    expect(stdout).toMatch(/The gru beats .*lag 364, lag 7\.\n$/);
    const names = ["forecast.csv", "forecast.svg", "model.safetensors"];
    expect(readdirSync(folder).sort()).toEqual(names);
    const model = await loadLayersModel(join(folder, "model.safetensors"));
    // GRU with a bias each for input and recurrence, then dense.
    expect(model.weights.map(({ shape }) => shape)).toEqual([
      [32, 96],
      [32, 96],
      [2, 96],
      [32, 1],
      [1],
    ]);
    expect(model.getUserDefinedMetadata()).toMatchObject({
      inputs: { length: 32 },
      scale: { mean: expect.any(Number), deviation: expect.any(Number) },
    });
    const forecast = await model.predict(zeros([1, 56, 32])).data();
    expect(forecast.every(Number.isFinite)).toBe(true);
    model.dispose();
  });

  test("explains itself", () => {
    const { status, stdout } = run("--help");
    expect(status).toBe(0);
    for (const flag of ["--model", "--seed", "--epochs", "--out", "--help"])
      expect(stdout).toContain(flag);
  });

  test("ends with status 2 and one line when a flag is wrong", () => {
    const { status, stdout, stderr } = run("--model", "transformer");
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toBe('--model is "transformer", expected simpleRNN, gru, lstm.\n');
  });
});
