import { describe, expect, test } from "vitest";
import { ArgumentError, DTypeError, ShapeError, type SluiceError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import type { AnyLayer } from "../../src/layers/layer.ts";
import { ones, type Tensor, zeros } from "../../src/tensor/index.ts";
import { sequential } from "../../src/train/index.ts";
import { makeRecurrent, type RecurrentName, recurrentNames } from "../layers/recurrent-makers.ts";

const [B, T, I, H] = [2, 4, 3, 5];
const x = (): Tensor => ones([B, T, I]);

type ErrorClass = new (...args: never[]) => SluiceError;
/** What is done, the error, and how its message begins after the layer's name. */
type Case = readonly [what: string, act: () => unknown, kind: ErrorClass, message: string];

function expectError(act: () => unknown, kind: ErrorClass, message: string): void {
  let thrown: unknown;
  try {
    act();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(kind);
  expect((thrown as SluiceError).message).toContain(message);
}

/** A call with a wrong value for the sake of the test, as JavaScript would make it. */
const applied = (layer: AnyLayer, kwargs: object): unknown => layer.apply(x(), kwargs as never);

const counts: Readonly<Record<RecurrentName, number>> = { simpleRNN: 1, lstm: 2, gru: 1 };

describe.each(recurrentNames)("%s", (name) => {
  const make = (config: object = {}): AnyLayer =>
    makeRecurrent(name, { units: H, name: "cell", ...config });
  const count = counts[name];
  const states = (shape: readonly number[], howMany = count): Tensor[] =>
    Array.from({ length: howMany }, () => ones(shape));
  const built = (config: object = {}): AnyLayer & { resetStates(states?: unknown): void } => {
    const layer = make(config);
    layer.ensureBuilt([B, T, I]);
    return layer;
  };
  const wanted = count === 1 ? "1, of shape [2,5]" : "2, of shape [2,5] and [2,5]";
  const first = count === 1 ? "a state" : "state 0";

  const masks: readonly Case[] = [
    ["too few steps", [B, T - 1], "[2,3]"],
    ["too few rows", [B - 1, T], "[1,4]"],
    ["no rows", [T], "[4]"],
    ["an axis too many", [B, T, 1], "[2,4,1]"],
  ].map(([what, shape, text]) => [
    `a mask of ${what}`,
    () => applied(make(), { mask: ones(shape as number[], "bool") }),
    ShapeError,
    `cell: received a mask of shape ${text}. Expected [2,4], batch and time of the input [2,4,3].`,
  ]);

  const wrongStates: readonly Case[] = [
    ...[count - 1, count + 1].flatMap((howMany): Case[] =>
      howMany === 0
        ? []
        : [
            [
              `${howMany} states`,
              () => applied(make(), { initialState: states([B, H], howMany) }),
              ArgumentError,
              `cell: received ${howMany} states. Expected ${wanted}.`,
            ],
          ],
    ),
    ...(
      [
        ["a state of another batch", [B + 1, H], "[3,5]"],
        ["a state of other units", [B, H + 1], "[2,6]"],
        ["a state without a batch", [H], "[5]"],
      ] as const
    ).map(
      ([what, shape, text]): Case => [
        what,
        () => applied(make(), { initialState: states(shape) }),
        ShapeError,
        `cell: received ${first} of shape ${text}. Expected [2,5], batch and units.`,
      ],
    ),
    [
      "a state of true and false",
      () => applied(make(), { initialState: states([B, H]).map((one) => one.cast("bool")) }),
      DTypeError,
      "initialState is bool[2,5]; expected float32.",
    ],
    [
      "a state that is text",
      () => applied(make(), { initialState: "zeros" }),
      ArgumentError,
      'cell: received "zeros" as initialState. Expected ',
    ],
    [
      "too many states behind the sequence",
      () => make().apply([x(), ...states([B, H], count + 1)]),
      ArgumentError,
      `cell: received ${count + 1} states. Expected ${wanted}.`,
    ],
  ];

  const stateful: readonly Case[] = [
    [
      "stateful without a fixed batch",
      () => make({ stateful: true }).build([null, T, I]),
      ArgumentError,
      "cell: a stateful layer received a batch of unknown size. Expected a fixed one: give the layer " +
        "batchInputShape, or batchSize beside inputShape.",
    ],
    [
      "stateful without a fixed batch, in a model",
      () => sequential({ layers: [make({ stateful: true, inputShape: [T, I] })] }),
      ArgumentError,
      "cell: a stateful layer received a batch of unknown size. Expected a fixed one",
    ],
    [
      "stateful, and a batch of another size",
      () => built({ stateful: true }).apply(ones([B + 1, T, I])),
      ShapeError,
      "cell: received a batch of 3. The layer is stateful and keeps the states of 2 examples; expected batches of 2.",
    ],
    [
      "resetStates with too many",
      () => built({ stateful: true }).resetStates(states([B, H], count + 1)),
      ArgumentError,
      `cell: received ${count + 1} states. Expected ${wanted}.`,
    ],
    [
      "resetStates with another shape",
      () => built({ stateful: true }).resetStates(states([B, H + 1])),
      ShapeError,
      `cell: received ${first} of shape [2,6]. Expected [2,5], batch and units.`,
    ],
    [
      "resetStates with text",
      () => built({ stateful: true }).resetStates("zeros"),
      ArgumentError,
      'cell: received "zeros" as initialState. Expected ',
    ],
    [
      "resetStates with states for a layer that keeps none",
      () => built().resetStates(states([B, H])),
      ArgumentError,
      "cell: resetStates received states, but the layer keeps no states. Expected a stateful layer that was built: " +
        "make it with stateful: true.",
    ],
    [
      "resetStates with states before the layer is built",
      () => (make({ stateful: true }) as ReturnType<typeof built>).resetStates(states([B, H])),
      ArgumentError,
      "cell: resetStates received states, but the layer has no weights yet. Expected a stateful layer that was " +
        "built: build it, or apply it, first.",
    ],
  ];

  const inputs: readonly Case[] = [
    [
      "an input without time",
      () => make().apply(ones([B, I])),
      ShapeError,
      "cell: input has shape [2,3]. Expected 3 axes.",
    ],
    [
      "an input of no steps",
      () => make().apply(zeros([B, 0, I])),
      ShapeError,
      "[B,T,G·H] with at least one step",
    ],
    [
      "an input of other features",
      () => built().apply(ones([B, T, I + 1])),
      ShapeError,
      "cell: input has shape [2,4,4]. Expected size 3 on axis -1, as the weights have it; received 4.",
    ],
    [
      "no units",
      () => make({ units: 0 }),
      ArgumentError,
      "cell: units is 0. Expected a whole number from 1 up.",
    ],
    [
      "an activation that there is not",
      () => make({ activation: "tahn" }),
      ArgumentError,
      'activation: there is no "tahn". Did you mean "tanh"? Expected one of ',
    ],
    [
      "an option that there is not",
      () => make({ unit: 3 }),
      ArgumentError,
      "there is no option unit. Did you mean units?",
    ],
    [
      "dropout of everything",
      () => make({ dropout: 1 }),
      ArgumentError,
      "cell: dropout is 1. Expected a number from 0 up to, without, 1.",
    ],
  ];

  test.each([...masks, ...wrongStates, ...stateful, ...inputs])("%s", (_, act, kind, message) => {
    expectError(act, kind, message);
  });

  test("a mask that is no mask", () => {
    const message =
      "as mask. Expected a bool tensor or an array, true where a step counts: [[true, true, false]].";
    for (const mask of [5, "111", {}])
      expectError(() => applied(make(), { mask }), ArgumentError, message);
    const ragged = [[true], [true, false]];
    expectError(
      () => applied(make(), { mask: ragged }),
      ShapeError,
      "Expected nested arrays of one shape; pad",
    );
  });

  test("resetStates takes states that fit, one alone without a list", async () => {
    const layer = built({ stateful: true });
    const own = states([B, H]).map((one) => one.mul(0.5));
    layer.resetStates(count === 1 ? own[0] : own);
    const kept = [...layer.statesByPath().values()];
    expect(kept).toHaveLength(count);
    for (const state of kept) expect(await state.data()).toEqual(new Float32Array(B * H).fill(0.5));
    layer.dispose();
  });
});

describe("bidirectional", () => {
  const gru = (config: object = {}) => layers.gru({ units: H, name: "cell", ...config });
  const both = (config: object = {}, more: object = {}): AnyLayer =>
    layers.bidirectional({ layer: gru(config), name: "both", ...more });
  const states = (count: number): Tensor[] => Array.from({ length: count }, () => ones([B, H]));

  test.each<Case>([
    [
      "a mask of too few steps",
      () => applied(both(), { mask: ones([B, T - 1], "bool") }),
      ShapeError,
      "received a mask of shape [2,3]. Expected [2,4], batch and time of the input [2,4,3].",
    ],
    [
      "the states of one direction",
      () => applied(both(), { initialState: states(1) }),
      ArgumentError,
      "both: received 1 states. Expected those of the forward layer, then as many of the backward layer.",
    ],
    [
      "twice the states",
      () => applied(both(), { initialState: states(4) }),
      ArgumentError,
      "received 2 states. Expected 1, of shape [2,5].",
    ],
    [
      "stateful without a fixed batch",
      () => both({ stateful: true }).build([null, T, I]),
      ArgumentError,
      "a stateful layer received a batch of unknown size. Expected a fixed one: give the layer batchInputShape",
    ],
    [
      "a merge mode that there is not",
      () => both({}, { mergeMode: "average" }),
      ArgumentError,
      'mergeMode: there is no "average". Expected one of concat, sum, mul, ave.',
    ],
    [
      "two layers of one direction",
      () => both({}, { backwardLayer: gru() }),
      ArgumentError,
      "both: layer and backwardLayer do not make a pair. Expected opposite goBackwards, and the same returnSequences " +
        "and returnState.",
    ],
    [
      "a layer that is not recurrent",
      () => both({}, { layer: layers.dense({ units: 1 }) }),
      ArgumentError,
      "both: received a Dense layer. Expected a recurrent one",
    ],
  ])("%s", (_, act, kind, message) => {
    expectError(act, kind, message);
  });
});

describe("around them", () => {
  test.each<Case>([
    [
      "timeDistributed without time",
      () =>
        layers
          .timeDistributed({ layer: layers.dense({ units: 2 }), name: "each" })
          .apply(ones([B, I])),
      ShapeError,
      "each: input has shape [2,3]. Expected at least 3 axes.",
    ],
    [
      "masking of a vector",
      () => layers.masking({ name: "padding" }).apply(ones([T])),
      ShapeError,
      "padding: input has shape [4]. Expected at least 2 axes.",
    ],
    [
      "an rnn without a cell",
      () => layers.rnn({ cell: "lstm" as never }),
      ArgumentError,
      'cell: received "lstm". Expected a cell, an object of a class that extends sl.layers.RNNCell',
    ],
  ])("%s", (_, act, kind, message) => {
    expectError(act, kind, message);
  });
});
