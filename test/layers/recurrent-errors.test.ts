import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import type { AnyLayer } from "../../src/layers/layer.ts";
import type { CallOptions } from "../../src/layers/layer-types.ts";
import { ones, type Tensor } from "../../src/tensor/index.ts";
import { kept } from "../train/support.ts";

const [B, T, I, H] = [2, 5, 3, 4];
const x = () => ones([B, T, I]);

/** Every layer that carries states, with the shapes of its states. */
const all: Readonly<Record<string, { make: () => AnyLayer; states: readonly number[] }>> = {
  simpleRNN: { make: () => layers.simpleRNN({ units: H }), states: [H] },
  lstm: { make: () => layers.lstm({ units: H }), states: [H, H] },
  gru: { make: () => layers.gru({ units: H }), states: [H] },
  "lstm with a projection": {
    make: () => layers.lstm({ units: H, projSize: 2 }),
    states: [2, H],
  },
  "rnn of a cell": {
    make: () => layers.rnn({ cell: layers.gruCell({ units: H }) }),
    states: [H],
  },
  "rnn of stacked cells": {
    make: () =>
      layers.rnn({ cell: [layers.lstmCell({ units: H }), layers.simpleRNNCell({ units: 2 })] }),
    states: [H, H, 2],
  },
  bidirectional: {
    make: () => layers.bidirectional({ layer: layers.lstm({ units: H }) }),
    states: [H, H, H, H],
  },
  stackedRNN: {
    make: () => layers.stackedRNN({ layer: layers.gru({ units: H }), numLayers: 2 }),
    states: [H, H],
  },
};

describe.each(Object.entries(all))("%s names", (_name, { make, states }) => {
  const layer = () => kept(make());
  const apply = (options: CallOptions) => () => layer().apply(x(), options);

  test.each([[[B, T + 1]], [[B + 1, T]], [[B]], [[B, T, 1]]])("a mask of shape %j", (shape) => {
    const mask = ones(shape, "bool");
    expect(apply({ mask })).toThrow(ShapeError);
    expect(apply({ mask })).toThrow(
      `received a mask of shape [${shape}]. Expected [${B},${T}], batch and time of the input [${B},${T},${I}]`,
    );
  });

  test("states of another number", () => {
    const tooMany = [...states, ...states, H].map((size) => ones([B, size]));
    expect(apply({ initialState: tooMany })).toThrow(ArgumentError);
    expect(apply({ initialState: tooMany })).toThrow(/received \d states.*Expected/);
  });

  test("a state of another size, or of another batch", () => {
    const wide = states.map((size, i) => ones([B, i === 0 ? size + 1 : size]));
    expect(apply({ initialState: wide })).toThrow(ShapeError);
    expect(apply({ initialState: wide })).toThrow(
      new RegExp(`\\[2,${(states[0] ?? 0) + 1}\\]. Expected \\[2,${states[0]}\\], batch and units`),
    );
    const long = states.map((size) => ones([B + 1, size]));
    expect(apply({ initialState: long })).toThrow(ShapeError);
  });

  test("what is no state", () => {
    expect(apply({ initialState: "zeros" })).toThrow(ArgumentError);
    expect(apply({ initialState: "zeros" })).toThrow('received "zeros" as initialState. Expected');
  });

  test("inputs of another rank", () => {
    expect(() => layer().apply(ones([B, I]))).toThrow(ShapeError);
    expect(() => layer().apply(ones([B, I]))).toThrow("input has shape [2,3]. Expected 3 axes");
  });
});

describe("stateful", () => {
  const config = { units: H, stateful: true } as const;

  test.each([
    ["lstm", (batch: object) => layers.lstm({ ...config, ...batch })],
    [
      "rnn",
      (batch: object) =>
        layers.rnn({ cell: layers.gruCell({ units: H }), stateful: true, ...batch }),
    ],
    [
      "bidirectional",
      (batch: object) => layers.bidirectional({ layer: layers.gru(config), ...batch }),
    ],
    [
      "stackedRNN",
      (batch: object) => layers.stackedRNN({ layer: layers.gru(config), numLayers: 2, ...batch }),
    ],
  ])("%s wants a batch of fixed size", (_name, make) => {
    const open = kept(make({}));
    expect(() => open.ensureBuilt([null, T, I])).toThrow(ArgumentError);
    expect(() => open.ensureBuilt([null, T, I])).toThrow(
      "a stateful layer received a batch of unknown size. Expected a fixed one",
    );
    const layer = kept(make({}));
    layer.apply(x());
    expect(() => layer.apply(ones([B + 1, T, I]))).toThrow(ShapeError);
    expect(() => layer.apply(ones([B + 1, T, I]))).toThrow("expected batches of 2");
  });

  test("resetStates wants states that fit, of a layer that keeps some", () => {
    const state: Tensor[] = [ones([B, H])];
    const plain = kept(layers.gru({ units: H, name: "plain" }));
    plain.apply(x());
    plain.resetStates();
    expect(() => plain.resetStates(state)).toThrow(ArgumentError);
    expect(() => plain.resetStates(state)).toThrow(
      "plain: resetStates received states, but the layer keeps no states. Expected a stateful layer",
    );
    const layer = kept(layers.gru({ ...config, name: "kept" }));
    expect(() => layer.resetStates(state)).toThrow("has no weights yet");
    layer.apply(x());
    layer.resetStates(state);
    expect(() => layer.resetStates([...state, ...state])).toThrow("received 2 states. Expected 1");
    expect(() => layer.resetStates([ones([B, H + 1])])).toThrow(ShapeError);
  });
});
