import { describe, expect, test } from "vitest";
import * as constraints from "../../src/constraints/index.ts";
import {
  type ConstraintLike,
  getConstraint,
  serializeConstraint,
} from "../../src/constraints/resolve.ts";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import type { AnyLayer } from "../../src/layers/layer.ts";
import { deserializeLayer, serializeLayer } from "../../src/layers/serialize.ts";
import { registerClass } from "../../src/names/class-registry.ts";
import * as train from "../../src/optimizers/index.ts";
import { ones, sum, type Tensor, tensor } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { wave } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept, linear, vector } from "../optimizers/support.ts";

const EPSILON = 1e-7;
const SHAPE = [4, 3] as const;

/** `w` with each column (axis 0) or row (axis 1) rescaled: w · desired(norm) / (epsilon + norm), in float64. */
function rescaled(w: ArrayLike<number>, axis: 0 | 1, desired: (norm: number) => number): number[] {
  const [rows, columns] = SHAPE;
  const group = (i: number): number => (axis === 0 ? i % columns : Math.floor(i / columns));
  const squares = new Array<number>(axis === 0 ? columns : rows).fill(0);
  Array.from(w).forEach((x, i) => {
    squares[group(i)] = (squares[group(i)] ?? 0) + x * x;
  });
  return Array.from(w).map((x, i) => {
    const norm = Math.sqrt(squares[group(i)] ?? 0);
    return (x * desired(norm)) / (EPSILON + norm);
  });
}

const clip = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));

const apply = async (like: ConstraintLike, w: Tensor): Promise<ArrayLike<number>> => {
  const found = getConstraint(like);
  if (found === null) throw new Error("a constraint is expected");
  return (typeof found === "function" ? found(w) : found.apply(w)).data();
};

describe("constraints", () => {
  // Norms of the columns reach from 0.4 to 4; equations of keras/src/constraints/constraints.py.
  const values = wave(SHAPE, 0.2).map((x, i) => x * ([0.3, 1, 3][i % 3] ?? 1));
  const cases: [string, ConstraintLike, number[]][] = [
    ["maxNorm", "maxNorm", rescaled(values, 0, (norm) => Math.min(norm, 2))],
    [
      "maxNorm along rows",
      constraints.maxNorm({ maxValue: 0.5, axis: 1 }),
      rescaled(values, 1, (norm) => Math.min(norm, 0.5)),
    ],
    ["unitNorm", "unit_norm", rescaled(values, 0, () => 1)],
    [
      "unitNorm along the last axis",
      constraints.unitNorm({ axis: -1 }),
      rescaled(values, 1, () => 1),
    ],
    ["minMaxNorm", "minMaxNorm", rescaled(values, 0, (norm) => clip(norm, 0, 1))],
    [
      "minMaxNorm by a share",
      constraints.minMaxNorm({ minValue: 0.8, maxValue: 1.5, rate: 0.25 }),
      rescaled(values, 0, (norm) => 0.25 * clip(norm, 0.8, 1.5) + 0.75 * norm),
    ],
    ["nonNeg", "nonNeg", Array.from(values, (x) => Math.max(x, 0))],
    ["a function", (w) => w.mul(2), Array.from(values, (x) => 2 * x)],
    [
      "plain data",
      { className: "MaxNorm", config: { maxValue: 3, axis: 0 } },
      rescaled(values, 0, (norm) => Math.min(norm, 3)),
    ],
  ];

  test.each(cases)("%s follows Keras's equations", async (_name, like, expected) => {
    expectClose(await apply(like, tensor(values, [...SHAPE])), expected, tolerances.arithmetic);
  });

  test("norms over several axes are those of a whole kernel", async () => {
    const w = tensor(values, [2, 2, 3]);
    const norm = Math.sqrt(values.reduce((total, x) => total + x * x, 0));
    const expected = Array.from(values, (x) => x / (EPSILON + norm));
    expectClose(
      await apply(constraints.unitNorm({ axis: [0, 1, 2] }), w),
      expected,
      tolerances.arithmetic,
    );
  });

  test("norms whose squares are no float32 are right, and one of 0 stays 0", async () => {
    const unit = async (w: readonly number[]) => apply("unitNorm", tensor([...w], [w.length, 1]));
    expectClose(await unit([3e30, -4e30]), [0.6, -0.8], tolerances.arithmetic);
    expectClose(
      await unit([3e-3, 4e-3]),
      [0.6, 0.8].map((x) => x / (1 + 2e-5)),
      tolerances.arithmetic,
    );
    expect(await unit([0, 0])).toEqual(new Float32Array([0, 0]));
    expectClose(
      await apply("maxNorm", tensor([[3e25], [4e25]])),
      [1.2, 1.6],
      tolerances.arithmetic,
    );
  });

  test("have Keras's defaults, and come back from plain data", () => {
    const defaults: [ConstraintLike, object][] = [
      ["maxNorm", { maxValue: 2, axis: 0 }],
      ["nonNeg", {}],
      ["unitNorm", { axis: 0 }],
      ["minMaxNorm", { minValue: 0, maxValue: 1, rate: 1, axis: 0 }],
    ];
    for (const [name, config] of defaults) {
      const described = serializeConstraint(getConstraint(name));
      expect(described?.config).toEqual(config);
      const again = getConstraint(JSON.parse(JSON.stringify(described)));
      expect(serializeConstraint(again)).toEqual(described);
    }
  });

  test("of one's own come back when they are registered", () => {
    class Centered extends constraints.Constraint {
      static override readonly className = "CenteredOfATest";
      override apply(w: Tensor) {
        return w.sub(w.mean());
      }
      override getConfig() {
        return {};
      }
    }
    expect(() => getConstraint({ className: "CenteredOfATest", config: {} })).toThrow(
      "registerClass",
    );
    registerClass(Centered);
    expect(getConstraint({ className: "CenteredOfATest", config: {} })).toBeInstanceOf(Centered);
  });

  test("bad settings are refused", () => {
    expect(() => constraints.maxNorm({ maxValue: -1 })).toThrow(ArgumentError);
    expect(() => constraints.maxNorm({ max: 1 } as never)).toThrow("Did you mean maxValue?");
    expect(() => constraints.minMaxNorm({ minValue: 2 })).toThrow("maxValue");
    expect(() => constraints.minMaxNorm({ rate: 0 })).toThrow("rate");
    expect(() => constraints.unitNorm({ axis: 0.5 })).toThrow("axis");
    expect(() => getConstraint("maxNrom" as "maxNorm")).toThrow('Did you mean "maxNorm"?');
    expect(() => serializeConstraint((w) => w)).toThrow("a function");
  });
});

describe("constraints on weights", () => {
  test("hold after each update, of kernel rules and of rules in operations", async () => {
    for (const make of [train.sgd, train.adam, train.adafactor]) {
      const w = vector([0.5, -0.25]);
      w.constraint = (value) => value.clipByValue(0, 1);
      const optimizer = kept(make(1));
      for (let step = 0; step < 3; step++) {
        optimizer.minimize(linear(w, [-3, 3]));
        expect((await w.data()).every((x) => x >= 0 && x <= 1)).toBe(true);
      }
      expect(await w.data()).toEqual(new Float32Array([1, 0]));
    }
  });

  test("come before the running mean, which keeps what they ask for", async () => {
    const w = vector([0]);
    w.constraint = (value) => value.clipByValue(-1, 1);
    const optimizer = kept(train.sgd({ learningRate: 1, useEma: true, emaMomentum: 0.5 }));
    for (const gradient of [-5, 9]) optimizer.minimize(linear(w, [gradient]));
    optimizer.finalizeVariableValues();
    expect(await w.data()).toEqual(Float32Array.of(0)); // the mean of 1 and -1
  });

  test("that give another shape are refused", () => {
    const w = vector([1, 2], "shaped/w");
    w.constraint = (value) => value.sum();
    const optimizer = kept(train.sgd(1));
    expect(() => optimizer.minimize(() => w.sum())).toThrow(ShapeError);
    expect(() => optimizer.minimize(() => w.sum())).toThrow('the constraint of "shaped/w"');
  });

  const recurrent = {
    kernelConstraint: "nonNeg",
    recurrentConstraint: "unitNorm",
    biasConstraint: "maxNorm",
  } as const;
  const norms = { betaConstraint: "nonNeg", gammaConstraint: "unitNorm" } as const;
  const constrained: [AnyLayer, number[], string[]][] = [
    [
      layers.dense({ units: 2, kernelConstraint: "nonNeg", biasConstraint: "unitNorm" }),
      [1, 3],
      ["kernel", "bias"],
    ],
    [
      layers.simpleRNN({ units: 2, ...recurrent }),
      [1, 4, 3],
      ["kernel", "recurrent_kernel", "bias"],
    ],
    [layers.lstm({ units: 2, ...recurrent }), [1, 4, 3], ["kernel", "recurrent_kernel", "bias"]],
    [layers.gru({ units: 2, ...recurrent }), [1, 4, 3], ["kernel", "recurrent_kernel", "bias"]],
    [layers.layerNormalization(norms), [1, 3], ["gamma", "beta"]],
    [layers.prelu({ alphaConstraint: "nonNeg" }), [1, 3], ["alpha"]],
  ];

  test.each(constrained.map((row) => [row[0].getClassName(), ...row] as const))(
    "%s takes one for each weight, and says so in its config",
    (_name, layer, shape, names) => {
      kept(layer).apply(ones([...shape]));
      expect(names.filter((name) => layer.weight(name).constraint !== null)).toEqual(names);
      const again = deserializeLayer(JSON.parse(JSON.stringify(serializeLayer(layer))));
      expect(again.getConfig()).toEqual(layer.getConfig());
      expect(JSON.stringify(layer.getConfig())).toMatch(/"NonNeg"/);
    },
  );

  test("the embedding's holds after training by its row", async () => {
    const embeddingsConstraint = constraints.unitNorm({ axis: 1 });
    const layer = kept(layers.embedding({ inputDim: 3, outputDim: 4, embeddingsConstraint }));
    const ids = tensor([[0, 2]], [1, 2], "int32");
    const optimizer = kept(train.sgd(0.1));
    optimizer.minimize(() => sum(layer.apply(ids).square()));
    const lengths = await layer.weight("embeddings").square().sum(1).sqrt().data();
    expectClose(lengths, [1, 1, 1], tolerances.longOptimizer);
    expect(layer.getConfig().embeddingsConstraint).toEqual({
      className: "UnitNorm",
      config: { axis: 1 },
    });
  });

  test("a kernel keeps its sign and its norm through a training", async () => {
    const layer = kept(
      layers.dense({
        units: 2,
        kernelConstraint: "nonNeg",
        biasConstraint: (bias) => bias.clipByValue(-0.1, 0.1),
      }),
    );
    const x = tensor(wave([5, 3], 0.4), [5, 3]);
    const optimizer = kept(train.adam({ learningRate: 0.1, gradientAccumulationSteps: 2 }));
    for (let step = 0; step < 20; step++) {
      optimizer.minimize(() => sum(layer.apply(x).add(1).square()));
    }
    const kernel = await layer.weight("kernel").data();
    expect(kernel.every((x) => x >= 0)).toBe(true);
    expect(kernel.some((x) => x === 0)).toBe(true);
    expectClose(await layer.weight("bias").data(), [-0.1, -0.1], tolerances.arithmetic);
  });

  test("are the last argument of addWeight", () => {
    class Scale extends layers.Layer {
      static override readonly className = "ConstrainedScale";
      override build(): void {
        this.addWeight("factor", [1], "float32", "ones", null, true, "nonNeg");
      }
    }
    const layer = kept(new Scale());
    layer.ensureBuilt([null, 1]);
    expect(layer.weight("factor").constraint).not.toBeNull();
  });
});
