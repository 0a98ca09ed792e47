import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import { ones } from "../../src/tensor/index.ts";
import { input, sequential } from "../../src/train/index.ts";
import { kept, linearData } from "./support.ts";

const { dense, lstm } = layers;

describe("sequential", () => {
  test("may be compiled before layers come, and keeps it when they come and go", async () => {
    const { x, y } = linearData(8);
    const model = kept(sequential());
    model.compile({ optimizer: "sgd", loss: "mse", metrics: ["mae"] });
    await expect(model.fit(x, y, { verbose: 0 })).rejects.toThrow("has no layers");
    model.add(dense({ units: 1, inputShape: [2], kernelInitializer: "zeros" }));
    const { history } = await model.fit(x, y, { verbose: 0 });
    expect(Object.keys(history)).toEqual(["loss", "mae"]);
    model.add(dense({ units: 2 }));
    model.pop();
    expect(Object.keys((await model.fit(x, y, { verbose: 0 })).history)).toEqual(["loss", "mae"]);
  });

  test("refuses a bad loss at fit where there was no layer at compile", async () => {
    const { x, y } = linearData(8);
    const model = kept(sequential());
    model.compile({ loss: "meanSquarredError" as never });
    model.add(dense({ units: 1, inputShape: [2] }));
    await expect(model.fit(x, y)).rejects.toThrow('"meanSquaredError"');
  });

  const wrong: [string, unknown, string][] = [
    ["text", "x", 'received "x"'],
    ["nothing", undefined, "received undefined"],
    ["null", null, "received null"],
    ["a maker that was not called", lstm, "Call the function"],
    ["a list", [dense({ units: 1 })], "one layer at a time"],
    ["a config", { units: 3 }, "received { units }"],
    ["a symbolic tensor", input({ shape: [2] }), "model({ inputs, outputs })"],
  ];

  test.each(wrong)("does not take %s for a layer", (_what, given, message) => {
    const attempts = [
      () => sequential().add(given as never),
      () => sequential({ layers: [given as never] }),
    ];
    for (const attempt of attempts) {
      expect(attempt).toThrow(ArgumentError);
      expect(attempt).toThrow(message);
      expect(attempt).toThrow("sl.layers.dense({ units: 1 })");
    }
  });

  test("wants its layers as a list in a config", () => {
    const layer = dense({ units: 1 });
    expect(() => sequential({ layers: layer as never })).toThrow(ArgumentError);
    expect(() => sequential({ layers: layer as never })).toThrow("received an object (Dense)");
    expect(() => sequential([layer] as never)).toThrow("sequential({ layers:");
    expect(sequential({ layers: null as never }).layers).toEqual([]);
  });

  test("without layers it computes nothing", () => {
    const emptied = sequential({ layers: [dense({ units: 1, inputShape: [2] })] });
    emptied.pop();
    for (const model of [sequential(), emptied]) {
      expect(() => model.predict(ones([1, 2]))).toThrow(ArgumentError);
      expect(() => model.apply(ones([1, 2]))).toThrow("has no layers");
    }
  });
});
