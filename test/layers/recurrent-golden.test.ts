import { describe, test } from "vitest";
import { loadRecurrentGoldens } from "../helpers/golden.ts";
import { expectGoldenLayer } from "./recurrent-golden.ts";
import { recurrentNames } from "./recurrent-makers.ts";

// The rest are in recurrent-golden.full.test.ts: most of their time goes into compiling kernels.
const everyRun = /2x5x3x4\/(plain|lastOutput|maskRight\+goBackwards|maskMiddle\+zero)/;

describe.each(recurrentNames)("%s equals PyTorch in float64", (name) => {
  const goldens = loadRecurrentGoldens(name).filter((golden) => everyRun.test(golden.name));

  test.each(goldens)("$name, fused", async (golden) => {
    await expectGoldenLayer(golden, { plain: false });
  });

  const masked = goldens.filter((golden) => golden.name.includes("maskRight"));
  test.each(masked)("$name, step by step", async (golden) => {
    await expectGoldenLayer(golden, { plain: true });
  });
});
