import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import type { AttentionCallOptions } from "../../src/layers/attention-call.ts";
import { carryStates } from "../../src/layers/carried-states.ts";
import { layers } from "../../src/layers/index.ts";
import type { AnyLayer } from "../../src/layers/layer.ts";
import type { CallOptions } from "../../src/layers/layer-types.ts";
import { ones, type Tensor } from "../../src/tensor/index.ts";
import { kept } from "../train/support.ts";

type Refused = readonly [string, () => unknown, new (message: string) => Error, string];

const mha = (more: object = {}) =>
  kept(layers.multiHeadAttention({ numHeads: 2, keyDim: 3, ...more }));
const block = { intermediateDim: 5, numHeads: 2 } as const;
const bools = (shape: number[]): Tensor => ones(shape, "bool");
const [query, value] = [ones([2, 4, 6]), ones([2, 7, 6])];

const configs: Refused[] = [
  ["no heads", () => mha({ numHeads: 0 }), ArgumentError, "numHeads is 0"],
  ["half a size", () => mha({ keyDim: 1.5 }), ArgumentError, "keyDim is 1.5"],
  ["an empty window", () => mha({ slidingWindow: 0 }), ArgumentError, "slidingWindow is 0"],
  ["dropout of all", () => mha({ dropout: 1 }), ArgumentError, "dropout is 1"],
  ["an unknown option", () => mha({ numHead: 2 }), ArgumentError, "Did you mean numHeads?"],
  ["axes that are none", () => mha({ attentionAxes: ["1"] }), ArgumentError, "attentionAxes are"],
  ["a size of nothing", () => mha({ outputShape: [3, 0] }), ArgumentError, "outputShape is 0"],
  [
    "rotary positions of no kind",
    () => mha({ rotary: 100 }),
    ArgumentError,
    "received 100 as rotary",
  ],
  [
    "heads of odd size that are to be turned",
    () => mha({ rotary: true }).apply(value),
    ShapeError,
    "received 3 features",
  ],
  [
    "heads that do not divide",
    () => layers.groupedQueryAttention({ headDim: 2, numQueryHeads: 4, numKeyValueHeads: 3 }),
    ArgumentError,
    "4 numQueryHeads for 3 numKeyValueHeads",
  ],
  [
    "an unknown score",
    () => layers.attention({ scoreMode: "cosine" as "dot" }),
    ArgumentError,
    "cosine",
  ],
  [
    "an activation beside gates",
    () => layers.transformerDecoder({ ...block, feedForward: "swiglu", activation: "relu" }),
    ArgumentError,
    "which has its own",
  ],
  [
    "features that heads cannot share",
    () => layers.transformerEncoder({ ...block, numHeads: 4 }).apply(value),
    ArgumentError,
    "received 6 features for 4 heads",
  ],
];

const inputs: Refused[] = [
  [
    "four inputs",
    () => mha().apply([query, value, value, value]),
    ArgumentError,
    "received 4 inputs",
  ],
  ["a matrix", () => mha().apply(ones([4, 6])), ShapeError, "Expected [B, T, D]"],
  ["other batches", () => mha().apply([query, ones([3, 7, 6])]), ShapeError, "the same batch"],
  [
    "more keys than values",
    () => mha().apply([query, value, ones([2, 8, 6])]),
    ShapeError,
    "as many keys as values",
  ],
  [
    "other features than the weights'",
    () => {
      const layer = mha();
      layer.apply([query, value]);
      layer.apply([query, ones([2, 7, 5])]);
    },
    ShapeError,
    "value has shape [2,7,5]. Expected size 6 on the last axis",
  ],
  [
    "features that cannot be compared",
    () => layers.attention().apply([query, ones([2, 7, 5])]),
    ShapeError,
    "their features are compared",
  ],
  [
    "an encoder that it was built without",
    () => {
      const layer = kept(layers.transformerDecoder(block));
      layer.apply(query);
      layer.apply([query, value]);
    },
    ArgumentError,
    "received 2 inputs. Expected one input: it was built without attention to an encoder",
  ],
  [
    "no encoder where it was built with one",
    () => {
      const layer = kept(layers.transformerDecoder(block));
      layer.apply([query, value]);
      layer.apply(query);
    },
    ArgumentError,
    "received 1 inputs. Expected [decoder, encoder]",
  ],
];

const both = (options: AttentionCallOptions) => mha().apply([query, value], options);
const masks: Refused[] = [
  ["a valueMask of the queries", () => both({ valueMask: bools([2, 4]) }), ShapeError, "valueMask"],
  ["a queryMask of the values", () => both({ queryMask: bools([2, 7]) }), ShapeError, "queryMask"],
  [
    "a turned attentionMask",
    () => both({ attentionMask: bools([7, 4]) }),
    ShapeError,
    "received an attentionMask of shape [7,4]. Expected [4,7], [2,4,7], [2,2,4,7]",
  ],
  [
    "an attentionMask of other heads",
    () => both({ attentionMask: bools([2, 3, 4, 7]) }),
    ShapeError,
    "shape [2,3,4,7]",
  ],
  ["an attentionMask of one axis", () => both({ attentionMask: [1, 0] }), ShapeError, "shape [2]"],
  [
    "a mask that is none",
    () => both({ valueMask: "all" as never }),
    ArgumentError,
    'received "all"',
  ],
  [
    "one mask for two inputs",
    () => both({ mask: bools([2, 4]) }),
    ArgumentError,
    "received one mask for 2 inputs",
  ],
  [
    "a paddingMask of other steps",
    () => kept(layers.transformerEncoder(block)).apply(value, { paddingMask: bools([2, 4]) }),
    ShapeError,
    "Expected [2,7]",
  ],
];

const image = ones([2, 3, 4, 6]);
const axes: Refused[] = [
  [
    "the batch",
    () => mha({ attentionAxes: 0 }).apply(image),
    ArgumentError,
    "[0] for an input of rank 4",
  ],
  [
    "the features",
    () => mha({ attentionAxes: -1 }).apply(image),
    ArgumentError,
    "[-1] for an input",
  ],
  ["an axis twice", () => mha({ attentionAxes: [1, -3] }).apply(image), ArgumentError, "[1,-3]"],
  [
    "an order over two axes",
    () => mha().apply(image, { useCausalMask: true }),
    ArgumentError,
    "attentionAxes with one axis",
  ],
  [
    "a mask of steps",
    () => mha().apply(image, { valueMask: bools([2, 3]) }),
    ArgumentError,
    "an input of rank 4",
  ],
  [
    "a mask for each row beside axes that are left out",
    () => mha({ attentionAxes: 2 }).apply(image, { attentionMask: bools([2, 4, 4]) }),
    ShapeError,
    "Expected [4,4]: [T,S]",
  ],
];

describe.each([
  ["configs", configs],
  ["inputs", inputs],
  ["masks", masks],
  ["axes", axes],
] as const)("attention refuses %s:", (_, list) => {
  test.each(list)("%s", (_what, act, kind, message) => {
    expect(act).toThrow(kind);
    expect(act).toThrow(message);
  });
});

describe("attention step by step", () => {
  const looksAhead: [string, () => AnyLayer, CallOptions][] = [
    ["multiHeadAttention", () => mha(), {}],
    ["attention", () => layers.attention(), {}],
    ["transformerEncoder", () => layers.transformerEncoder(block), {}],
    ["transformerDecoder", () => layers.transformerDecoder(block), { useCausalMask: false }],
  ];

  test.each(looksAhead)("%s refuses to see later steps", (_, make, options) => {
    const layer = kept(make());
    const act = () => carryStates([], () => layer.apply(query, options));
    expect(act).toThrow(ArgumentError);
    expect(act).toThrow("reads steps that come later");
  });

  test("an encoder's output is there as a whole", () => {
    const { result } = carryStates([], () => mha().apply([query, value]), { steps: query });
    expect(result.shape).toEqual([2, 4, 6]);
  });
});
