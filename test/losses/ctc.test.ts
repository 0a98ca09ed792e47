import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { initializers } from "../../src/initializers/index.ts";
import { layers } from "../../src/layers/index.ts";
import * as losses from "../../src/losses/index.ts";
import { grad, type Tensor, tensor } from "../../src/tensor/index.ts";
import { sequential } from "../../src/train/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept, noise } from "../train/support.ts";

const none = { reduction: "none" } as const;
const rows = async (loss: Tensor): Promise<number[]> => [...(await loss.data())];

// Logits of zero: every path of 3 classes over T steps has the probability 3^-T.
const flat = (batch: number, steps: number): Tensor =>
  tensor(new Float32Array(batch * steps * 3), [batch, steps, 3]);
/** -log of `paths` equally likely ones. */
const of = (paths: number, steps: number): number => -Math.log(paths / 3 ** steps);

describe("ctc", () => {
  test("counts the labels above 0, and takes lengths of one's own", async () => {
    // Paths over 3 steps: for "1": 1__ _1_ __1 11_ _11 111 = 6; for "1 1": 1_1; for none: ___.
    const labels = [
      [1, 0],
      [1, 1],
      [0, 0],
    ];
    const expected = [of(6, 3), of(1, 3), of(1, 3)];
    expectClose(await rows(losses.ctc(labels, flat(3, 3), null, none)), expected, tolerances.loss);
    // Over 2 steps: for "1": 1_ _1 11 = 3; "1 1" does not fit. And "1 1" cut to "1".
    const short = losses.ctc(labels, flat(3, 3), null, { ...none, inputLengths: [2, 3, 0] });
    expectClose(await rows(short), [of(3, 2), of(1, 3), 0], tolerances.loss);
    const cut = losses.ctc(labels, flat(3, 3), null, { ...none, labelLengths: tensor([1, 1, 0]) });
    expectClose(await rows(cut), [of(6, 3), of(6, 3), of(1, 3)], tolerances.loss);
  });

  test("labels that do not fit cost infinity and spoil their gradient; zeroInfinity makes both 0", async () => {
    const labels = [
      [1, 1],
      [1, 0],
    ];
    const [first, second] = await rows(losses.ctc(labels, flat(2, 2), null, none));
    expect(first).toBe(Infinity);
    expectClose([second ?? 0], [of(3, 2)], tolerances.loss);
    const slope = (zeroInfinity: boolean) =>
      grad((x) => losses.ctc(labels, x, null, { zeroInfinity, reduction: "sum" }))(flat(2, 2));
    const spoilt = [...(await slope(false).data())];
    expect(spoilt.slice(0, 6).every(Number.isNaN)).toBe(true);
    expect(spoilt.slice(6).some(Number.isNaN)).toBe(false);
    const saved = [...(await slope(true).data())];
    expect(saved.slice(0, 6)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(saved.slice(6)).toEqual(spoilt.slice(6));
    expect(
      (await rows(losses.ctc(labels, flat(2, 2), null, { ...none, zeroInfinity: true })))[0],
    ).toBe(0);
  });

  test("in a model, the mask of the predictions says how many steps a row has", async () => {
    const model = kept(
      sequential({ layers: [layers.masking({ maskValue: 9, inputShape: [3, 3] })] }),
    );
    model.compile({ loss: "ctc", metrics: ["ctc"] });
    const x = [0, 0, 9].map((value) => [value, value, value]);
    const loss = model.evaluate(
      [x, [x[0] ?? [], x[1] ?? [], x[0] ?? []]],
      [
        [1, 0],
        [1, 1],
      ],
    );
    const expected = (of(3, 2) + of(1, 3)) / 2;
    for (const figure of loss as Tensor[]) {
      expectClose(await rows(figure), [expected], tolerances.loss);
    }
  });

  test("a model learns to say labels it has seen, without being told when", async () => {
    // Each label is a bump in one feature, at a place of its own.
    const [batch, steps] = [16, 12];
    const random = noise(batch * 8, 3);
    const labels = Array.from({ length: batch }, (_, b) => [1 + (b % 2), 1 + ((b >> 1) % 2)]);
    const x = labels.map((row, b) =>
      Array.from({ length: steps }, (_, t) => {
        const at = row.map((_, i) => 1 + i * 6 + Math.floor(2 * ((random[b * 8 + i] ?? 0) + 1)));
        return [0, 1].map((feature) =>
          row.some((label, i) => label - 1 === feature && at[i] === t) ? 1 : 0,
        );
      }),
    );
    const model = kept(
      sequential({
        layers: [
          layers.lstm({ units: 12, inputShape: [steps, 2], returnSequences: true, seed: 1 }),
          layers.dense({ units: 3, kernelInitializer: initializers.glorotUniform({ seed: 2 }) }),
        ],
      }),
    );
    model.compile({ optimizer: { kind: "adam", learningRate: 0.03 }, loss: "ctc" });
    const { history } = await model.fit(x, labels, { epochs: 120, batchSize: batch, verbose: 0 });
    const [first = 0, last = 0] = [history.loss?.[0], history.loss?.at(-1)];
    expect(first).toBeGreaterThan(5);
    expect(last).toBeLessThan(0.3 * first);
  });

  test("classWeight has no single class to weigh", async () => {
    const model = kept(sequential({ layers: [layers.dense({ units: 3, inputShape: [3, 3] })] }));
    model.compile({ loss: "ctc" });
    const fit = model.fit(flat(2, 3), tensor([1, 2], [2, 1]), { classWeight: { 1: 2 } });
    await expect(fit).rejects.toThrow("weigh the samples with sampleWeight");
  });

  test("labels and shapes that cannot be are refused", () => {
    expect(() => losses.ctc([1, 2], flat(2, 3))).toThrow(ShapeError);
    expect(() => losses.ctc([[1]], flat(2, 3))).toThrow("[B,L]");
    expect(() => losses.ctc([[1], [1]], flat(2, 3), null, { blank: 1 } as never)).toThrow("blank");
    const model = kept(
      sequential({ layers: [layers.masking({ maskValue: 9, inputShape: [3, 3] })] }),
    );
    model.compile({ loss: "ctc" });
    const x = flat(2, 3);
    expect(() =>
      model.evaluate(x, [
        [1, 0],
        [2, 3],
      ]),
    ).toThrow(ArgumentError);
    expect(() =>
      model.evaluate(x, [
        [1, 0],
        [2, 3],
      ]),
    ).toThrow("class number 3 at row 1, place 1");
    expect(() =>
      model.evaluate(x, [
        [1, 0],
        [0, 2],
      ]),
    ).toThrow("class number 0 at row 1, place 0");
    expect(() =>
      model.evaluate(x, [
        [1, 0],
        [2, Number.NaN],
      ]),
    ).toThrow("NaN at [1,1]");
  });
});
