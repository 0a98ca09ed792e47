import { describe, test } from "vitest";
import { loadRecurrentGoldens } from "../helpers/golden.ts";
import { expectGoldenLayer } from "./recurrent-golden.ts";
import { recurrentNames } from "./recurrent-makers.ts";

describe.each(recurrentNames)("%s equals PyTorch in float64", (name) => {
  const goldens = loadRecurrentGoldens(name);

  test.each(goldens)("$name, fused", async (golden) => {
    await expectGoldenLayer(golden, { plain: false });
  });

  // Larger sizes are nothing new to plain operations.
  const small = goldens.filter(({ units }) => units < 17);
  test.each(small)("$name, step by step", async (golden) => {
    await expectGoldenLayer(golden, { plain: true });
  });
});
