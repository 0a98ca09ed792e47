import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { carryStates } from "../../src/layers/carried-states.ts";
import { layers } from "../../src/layers/index.ts";
import type { CallOptions } from "../../src/layers/layer-types.ts";
import { maskOf, setMask } from "../../src/layers/masks.ts";
import {
  add,
  counters,
  mul,
  ones,
  sum,
  type Tensor,
  tensor,
  type Variable,
  variable,
  variableGrads,
  zeros,
} from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import {
  expectGolden,
  inputOf,
  loadPositionGoldens,
  type OpGolden,
  wave,
} from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";

/** A layer with `apply` and weights, as the tests below hold it. */
interface Applied {
  apply(x: Tensor, kwargs?: CallOptions): Tensor;
}

/** How the golden's equation is written with layers: the result, and what its gradients are taken of. */
interface Case {
  readonly y: () => Tensor;
  readonly variables: Readonly<Record<string, Variable>>;
}

const number = (golden: OpGolden, key: string): number => Number(golden.attributes[key]);

function caseOf(golden: OpGolden): Case {
  const given = Object.entries(golden.inputs).map(([name, spec]) => {
    const dtype = name === "ids" ? "int32" : "float32";
    return [name, tensor([...inputOf(spec)], spec.shape as number[], dtype)] as const;
  });
  const inputs = Object.fromEntries(given);
  const of = (name: string): Tensor => inputs[name] ?? ones([0]);
  const kwargs = { startIndex: number(golden, "startIndex") };
  if (golden.op === "sinePositionEncoding" || golden.op === "rotaryEmbedding") {
    const isSine = golden.op === "sinePositionEncoding";
    const { startIndex: _, ...config } = golden.attributes;
    const layer = isSine ? layers.sinePositionEncoding(config) : layers.rotaryEmbedding(config);
    const x = variable(of("x"), true, "x");
    const y = (): Tensor => layer.apply(x, kwargs);
    return { y: isSine ? () => add(x, y()) : y, variables: { x } };
  }
  if (golden.op === "positionEmbedding") {
    const sequenceLength = number(golden, "sequenceLength");
    const layer = layers.positionEmbedding({ sequenceLength });
    const x = variable(of("x"), true, "x");
    layer.ensureBuilt(x.shape);
    layer.setWeights([of("embeddings")]);
    const embeddings = layer.weight("embeddings");
    return { y: () => add(x, layer.apply(x, kwargs)), variables: { x, embeddings } };
  }
  if (golden.op === "tokenAndPositionEmbedding") {
    const layer = layers.tokenAndPositionEmbedding({
      vocabularySize: 5,
      sequenceLength: 6,
      embeddingDim: 4,
    });
    layer.ensureBuilt([null, 3]);
    layer.setWeights([of("tokens"), of("positions")]);
    const [tokens, positions] = layer.weights as [Variable, Variable];
    return { y: () => layer.apply(of("ids"), kwargs), variables: { tokens, positions } };
  }
  const isTied = inputs.reverse === undefined;
  const layer = layers.reversibleEmbedding({
    inputDim: 5,
    outputDim: 4,
    tieWeights: isTied,
    logitSoftCap: number(golden, "cap") || null,
  });
  layer.ensureBuilt([null, 3]);
  layer.setWeights(isTied ? [of("embeddings")] : [of("embeddings"), of("reverse")]);
  const scale = variable(of("scale"), true, "scale");
  const y = (): Tensor => layer.apply(mul(layer.apply(of("ids")), scale), { reverse: true });
  const embeddings = layer.weight("embeddings");
  const own: Record<string, Variable> = isTied
    ? {}
    : { reverse: layer.weight("reverse_embeddings") };
  return { y, variables: { embeddings, scale, ...own } };
}

describe("layers that know positions", () => {
  // PyTorch float64 by KerasHub's equations: test/golden/positions.py.
  test.each(loadPositionGoldens())("$name equals PyTorch, with its gradients", async (golden) => {
    const { y, variables } = caseOf(golden);
    expectGolden(await y().data(), golden.expected.y, tolerances.matMul);
    const weights = golden.lossWeights.y;
    const loss = (): Tensor => sum(mul(y(), tensor(inputOf(weights), weights.shape as number[])));
    const { grads } = variableGrads(loss, Object.values(variables));
    expect(Object.keys(golden.gradients).sort()).toEqual(Object.keys(variables).sort());
    for (const [name, { name: full }] of Object.entries(variables)) {
      const [actual, expected] = [grads[full], golden.gradients[name]];
      if (!actual || !expected) throw new Error(`there is no gradient of ${name}`);
      expectGolden(await actual.data(), expected, { ...tolerances.gradient, label: name });
    }
  });

  const made = (): Record<string, { layer: Applied; shape: number[] }> => ({
    positionEmbedding: {
      layer: layers.positionEmbedding({ sequenceLength: 9, initializer: "uniform" }),
      shape: [2, 9, 4],
    },
    sinePositionEncoding: { layer: layers.sinePositionEncoding(), shape: [2, 9, 5] },
    rotaryEmbedding: { layer: layers.rotaryEmbedding(), shape: [2, 9, 3, 4] },
    tokenAndPositionEmbedding: {
      layer: layers.tokenAndPositionEmbedding({
        vocabularySize: 7,
        sequenceLength: 9,
        embeddingDim: 4,
      }),
      shape: [2, 9],
    },
  });

  const inputFor = (name: string, shape: number[]): Tensor =>
    name === "tokenAndPositionEmbedding"
      ? tensor(
          wave(shape, 0.3, 3).map((v) => Math.round(v + 3)),
          shape,
          "int32",
        )
      : tensor(wave(shape, 0.3), shape);

  const part = (x: Tensor, begin: number, size: number): Tensor =>
    x.slice([0, begin], [x.shape[0] ?? 1, size]);

  test.each(Object.keys(made()))("%s goes on at startIndex, a number or a tensor", async (name) => {
    const { layer, shape } = made()[name] ?? { layer: layers.sinePositionEncoding(), shape: [] };
    const x = inputFor(name, shape);
    const whole = layer.apply(x);
    const end = await part(whole, 4, 5).data();
    const tail = part(x, 4, 5);
    expect(await layer.apply(tail).data()).not.toEqual(end);
    expectClose(await layer.apply(tail, { startIndex: 4 }).data(), end, tolerances.arithmetic);
    const startIndex = tensor([4], [], "int32");
    expectClose(await layer.apply(tail, { startIndex }).data(), end, tolerances.arithmetic);
  });

  test.each(Object.keys(made()))(
    "%s goes on where the steps that a run has seen end",
    async (name) => {
      const { layer, shape } = made()[name] ?? { layer: layers.sinePositionEncoding(), shape: [] };
      const x = inputFor(name, shape);
      const whole = layer.apply(x);
      const run = (begin: number, size: number, position: Tensor | null, kwargs?: CallOptions) =>
        carryStates([], () => layer.apply(part(x, begin, size), kwargs), {
          position,
        }).result.data();
      const end = await part(whole, 4, 5).data();
      expect(await run(0, 4, null)).toEqual(await part(whole, 0, 4).data());
      expectClose(await run(4, 5, tensor([4], [], "int32")), end, tolerances.arithmetic);
      // Both add up.
      const three = tensor([3], [], "int32");
      expectClose(await run(4, 5, three, { startIndex: 1 }), end, tolerances.arithmetic);
    },
  );

  test.each(Object.keys(made()))("%s lets the mask of its input through", async (name) => {
    const { layer, shape } = made()[name] ?? { layer: layers.sinePositionEncoding(), shape: [] };
    const ids = tensor([[3, 2, 0]], [1, 3], "int32");
    if (name === "tokenAndPositionEmbedding") {
      const masking = layers.tokenAndPositionEmbedding({
        vocabularySize: 7,
        sequenceLength: 9,
        embeddingDim: 4,
        maskZero: true,
      });
      const vectors = masking.apply(ids);
      expect(await maskOf(vectors)?.array()).toEqual([[true, true, false]]);
      const logits = masking.apply(vectors, { reverse: true });
      expect(await maskOf(logits)?.array()).toEqual([[true, true, false]]);
      return;
    }
    const x = ones([1, 3, ...shape.slice(2)]);
    setMask(x, tensor([[1, 1, 0]], [1, 3], "bool"));
    expect(await maskOf(layer.apply(x))?.array()).toEqual([[true, true, false]]);
  });

  test("another start compiles nothing", async () => {
    for (const layer of [
      layers.positionEmbedding({ sequenceLength: 9 }),
      layers.rotaryEmbedding(),
    ]) {
      const x = ones([1, 2, 4]);
      await layer.apply(x, { startIndex: 3 }).data();
      const before = counters().plansCreated;
      await layer.apply(x, { startIndex: 4 }).data();
      expect(counters().plansCreated).toBe(before);
    }
  });

  test("refuse a start that is none", () => {
    const layer = layers.sinePositionEncoding({ name: "waves" });
    for (const startIndex of [-1, 0.5, Number.NaN, "2", [1], ones([2])]) {
      const start = startIndex as number;
      expect(() => layer.apply(ones([1, 2, 4]), { startIndex: start })).toThrow(ArgumentError);
      expect(() => layer.apply(ones([1, 2, 4]), { startIndex: start })).toThrow(
        /waves: received .* as startIndex. Expected a whole number/,
      );
    }
  });
});

describe("sinePositionEncoding and rotaryEmbedding", () => {
  /** Values at 64 positions up to `last`, by Math.sin in float64. */
  const spread = (last: number): number[] =>
    Array.from({ length: 64 }, (_, i) => Math.round((last * (i + 1)) / 64));

  test.each([8192, 1_000_000, 2 ** 30])("keep their digits up to position %i", async (last) => {
    const width = 16;
    const layer = layers.sinePositionEncoding();
    const results = spread(last).map((startIndex) =>
      layer.apply(zeros([1, width]), { startIndex }),
    );
    const encodings = await Promise.all(results.map((one) => one.data()));
    const turned = spread(last).map((startIndex) =>
      layers.rotaryEmbedding().apply(ones([1, 1, width]), { startIndex }),
    );
    const rotated = await Promise.all(turned.map((one) => one.data()));
    spread(last).forEach((position, i) => {
      const angle = (d: number): number => position * 10_000 ** -((2 * d) / width);
      const half = Array.from({ length: width / 2 }, (_, d) => angle(d));
      const expected = half.flatMap((a) => [Math.sin(a), Math.cos(a)]);
      expectClose(encodings[i] ?? [], expected, tolerances.trigonometry);
      const halves = [
        ...half.map((a) => Math.cos(a) - Math.sin(a)),
        ...half.map((a) => Math.cos(a) + Math.sin(a)),
      ];
      // Each is a sum of two values within the tolerance.
      expectClose(rotated[i] ?? [], halves, { rtol: 0, atol: 2 * tolerances.trigonometry.atol });
    });
  });

  test("products of rotated queries and keys depend on the distance alone", async () => {
    const rotary = layers.rotaryEmbedding();
    const [q, k] = [
      tensor(wave([1, 1, 8], 0.2), [1, 1, 8]),
      tensor(wave([1, 1, 8], 1.3), [1, 1, 8]),
    ];
    const product = (i: number, j: number): Tensor =>
      sum(mul(rotary.apply(q, { startIndex: i }), rotary.apply(k, { startIndex: j })));
    const first = await product(3, 1).data();
    expectClose(await product(1003, 1001).data(), first, tolerances.reduction);
    const [other = 0] = await product(3, 2).data();
    expect(Math.abs(other - (first[0] ?? 0))).toBeGreaterThan(1e-2);
  });

  test("rotaryEmbedding refuses an odd number of features, and axes that there are not", () => {
    const layer = layers.rotaryEmbedding({ name: "turn" });
    expect(() => layer.apply(ones([1, 2, 5]))).toThrow(ShapeError);
    expect(() => layer.apply(ones([1, 2, 5]))).toThrow(/turn: received 5 features on axis -1/);
    expect(() => layers.rotaryEmbedding({ sequenceAxis: 3 }).apply(ones([1, 2, 4]))).toThrow(
      ArgumentError,
    );
    expect(() => layers.rotaryEmbedding({ sequenceAxis: 2 }).apply(ones([1, 2, 4]))).toThrow(
      ArgumentError,
    );
    expect(() => layers.rotaryEmbedding({ maxWavelength: 0 })).toThrow(ArgumentError);
  });
});

describe("positionEmbedding", () => {
  test("refuses sequences beyond its length, and says which length would do", () => {
    const layer = layers.positionEmbedding({ sequenceLength: 4, name: "places" });
    layer.apply(ones([2, 4, 3]));
    expect(() => layer.apply(ones([2, 5, 3]))).toThrow(ShapeError);
    expect(() => layer.apply(ones([2, 3, 3]), { startIndex: 2 })).toThrow(
      /places: received 3 steps .* from position 2 on. Expected positions below sequenceLength 4.*sequenceLength: 5/,
    );
    expect(() => layers.positionEmbedding({ sequenceLength: 4 }).apply(ones([2, 5, 3]))).toThrow(
      ShapeError,
    );
  });

  test("gives NaN beyond its length where only the GPU knows the position", async () => {
    const layer = layers.positionEmbedding({ sequenceLength: 4 });
    const y = layer.apply(ones([1, 2, 3]), { startIndex: tensor([3], [], "int32") });
    expect(Array.from(await y.data(), Number.isNaN)).toEqual([
      false,
      false,
      false,
      true,
      true,
      true,
    ]);
  });
});
