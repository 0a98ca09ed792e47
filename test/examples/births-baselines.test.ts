import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { seasonalNaive } from "../../examples/births/baselines.ts";
import { cholesky, solveCholesky } from "../../examples/births/cholesky.ts";
import { DATA_FILE, parseBirths } from "../../examples/births/data.ts";
import {
  computeBaselines,
  listForecasts,
  meanAbsoluteErrors,
} from "../../examples/births/evaluate.ts";
import { fitRidge, predictRidge } from "../../examples/births/ridge.ts";
import {
  HISTORY,
  HORIZON,
  prepareExperiment,
  STEP_INPUTS,
  STEPS,
  type Windows,
} from "../../examples/births/windows.ts";

const csv = readFileSync(createRequire(import.meta.url).resolve(DATA_FILE), "utf8");
const experiment = prepareExperiment(parseBirths(csv));

describe("cholesky", () => {
  test("factors and solves", () => {
    // A = L·Lᵀ with L = [[2,0,0],[6,1,0],[-8,5,3]], a textbook example; X = [[1,-1],[2,0],[3,1]].
    const matrix = Float64Array.of(4, 12, -16, 12, 37, -43, -16, -43, 98);
    const right = Float64Array.of(
      4 + 24 - 48,
      -4 - 16,
      12 + 74 - 129,
      -12 - 43,
      -16 - 86 + 294,
      16 + 98,
    );
    cholesky(matrix, 3);
    expect([0, 3, 4, 6, 7, 8].map((i) => matrix[i])).toEqual([2, 6, 1, -8, 5, 3]);
    const x = Array.from(solveCholesky(matrix, right, 3), (value) => Math.round(value * 1e9) / 1e9);
    expect(x).toEqual([1, -1, 2, 0, 3, 1]);
  });

  test("refuses a matrix that is not positive definite", () => {
    expect(() => cholesky(Float64Array.of(1, 2, 2, 1), 2)).toThrow(
      /not positive definite \(row 1\)/,
    );
  });
});

describe("the simple forecasts", () => {
  test("repeat the latest known week, or the year before", () => {
    const counts = Float64Array.from({ length: 500 }, (_, i) => i);
    const origins = [400];
    const week = seasonalNaive(counts, { origins }, 7);
    expect([...week.subarray(0, 15)]).toEqual([
      393, 394, 395, 396, 397, 398, 399, 393, 394, 395, 396, 397, 398, 399, 393,
    ]);
    const year = seasonalNaive(counts, { origins }, 364);
    expect([...year]).toEqual(Array.from({ length: HORIZON }, (_, h) => 36 + h));
  });

  test("are as far off as an independent program found", () => {
    const days = listForecasts(
      experiment,
      experiment.heldOut.targets,
      computeBaselines(experiment),
    );
    const errors = meanAbsoluteErrors(days);
    // NumPy, same file and origins: 591.6703 and 353.4194.
    expect([errors.lag7, errors.lag364].map((error) => error.toFixed(4))).toEqual([
      "591.6703",
      "353.4194",
    ]);
    // numpy.linalg.solve with penalty 1, repeated columns not dropped: 187.1; dropping them weighs
    // the penalty anew.
    expect(Math.abs(errors.ridge - 187.1)).toBeLessThan(4);
    expect(errors.model).toBeLessThan(0.01);
  });
});

describe("ridge regression", () => {
  test("finds a linear rule", () => {
    const training = withLinearTargets(firstWindows(experiment.training, 500));
    const validation = withLinearTargets(experiment.validation);
    const forecast = predictRidge(fitRidge(training, validation), validation);
    const error = forecast.reduce(
      (sum, x, i) => sum + Math.abs(x - (validation.targets[i] ?? 0)),
      0,
    );
    // The rule's values spread over ±1; the smallest penalty leaves a thousandth.
    expect(error / forecast.length).toBeLessThan(5e-3);
  });
});

function firstWindows({ origins, inputs, targets }: Windows, count: number): Windows {
  return {
    origins: origins.slice(0, count),
    inputs: inputs.subarray(0, count * STEPS * STEP_INPUTS.length),
    targets: targets.subarray(0, count * HORIZON),
  };
}

/**
 * Windows that know births only, and where day h of the forecast is
 * 0.7 · (births of known day h) - 0.3 · (births 364 days before it) + 2.
 */
function withLinearTargets(windows: Windows): Windows {
  const width = STEP_INPUTS.length;
  const columns = ["births364DaysBefore", "birthsOrTypical"].map((name) =>
    STEP_INPUTS.indexOf(name),
  );
  const [past = 0, known = 0] = columns;
  const inputs = windows.inputs.map((x, i) => (columns.includes(i % width) ? x : 0));
  const at = (step: number, column: number) => inputs[step * width + column] ?? Number.NaN;
  const targets = windows.targets.map((_, i) => {
    const firstStep = Math.floor(i / HORIZON) * STEPS;
    const h = i % HORIZON;
    return 0.7 * at(firstStep + h, known) - 0.3 * at(firstStep + HISTORY + h, past) + 2;
  });
  return { ...windows, inputs, targets };
}
