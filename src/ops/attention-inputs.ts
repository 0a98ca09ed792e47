import { ArgumentError, DTypeError, ShapeError } from "../errors.ts";
import { isFloat } from "../graph/dtype.ts";
import type { Value } from "../graph/node.ts";
import { formatShape, type Shape } from "../graph/shape.ts";
import { formatSpec, type Spec } from "../graph/spec.ts";
import {
  type AttentionSettings,
  type AttentionSizes,
  attentionSizes,
} from "../kernels/attention-shape.ts";
import { isWholeNumber } from "../names/whole-number.ts";
import { cast } from "./cast.ts";
import { commonDType, toFloat } from "./common-dtype.ts";
import { type Named, named } from "./named-inputs.ts";
import type { AttentionInputs } from "./ops.ts";

/** Names that a node's inputs can have, in the order in which they stand. */
export const ATTENTION_INPUTS = ["query", "key", "value", "mask", "bias"] as const;

/** The same for the gradient: what the forward pass had, what it gave, and the gradient of the result. */
export const ATTENTION_GRADIENT_INPUTS = [
  ...ATTENTION_INPUTS,
  "result",
  "sums",
  "dResult",
] as const;

/** The inputs in the dtypes in which the kernels read them: queries, keys and values alike, a bias as float32. */
export function inOneDType(inputs: AttentionInputs): AttentionInputs {
  const { bias } = inputs;
  const [query, key, value] = [inputs.query, inputs.key, inputs.value].map(toFloat) as [
    Value,
    Value,
    Value,
  ];
  const dtype = commonDType([query, key, value]);
  return {
    ...inputs,
    query: cast(query, dtype),
    key: cast(key, dtype),
    value: cast(value, dtype),
    ...(bias && isFloat(bias.dtype) && { bias: cast(bias, "float32") }),
  };
}

/** Sizes of inputs that have been checked. */
export function sizesOfInputs(
  inputs: Named<{ readonly shape: Shape }>,
  settings: AttentionSettings,
): AttentionSizes {
  const shapes = {
    query: named(inputs, "query").shape,
    key: named(inputs, "key").shape,
    value: named(inputs, "value").shape,
  };
  return attentionSizes(shapes, settings.layout);
}

/** Checks of everything that attention takes; returns its sizes. `label` begins the messages. */
export function checkAttention(
  inputs: Named<Spec>,
  settings: AttentionSettings,
  label = "attention",
): AttentionSizes {
  const [query, key, value] = [
    named(inputs, "query"),
    named(inputs, "key"),
    named(inputs, "value"),
  ];
  const received = `query ${formatSpec(query)}, key ${formatSpec(key)}, value ${formatSpec(value)}`;
  const expected =
    settings.layout === "BNTD"
      ? "query [B,N,T,D], key [B,M,S,D], value [B,M,S,E]"
      : "query [B,T,N,D], key [B,S,M,D], value [B,S,M,E]";
  for (const spec of [query, key, value]) {
    if (!isFloat(spec.dtype) || spec.dtype !== query.dtype) {
      throw new DTypeError(`${label}: received ${received}; expected floats of one dtype.`);
    }
    if (spec.shape.length !== 4) {
      throw new ShapeError(
        `${label}: received ${received}. Expected ${expected}, rank 4 each; a single head is [B,1,T,D]: reshape.`,
        { details: { query: query.shape, key: key.shape, value: value.shape } },
      );
    }
  }
  const sizes = sizesOfInputs(inputs, settings);
  const ofValue = sizesOfInputs({ query, key: value, value }, settings);
  const isMatch =
    ofKeyBatch(key) === sizes.batch &&
    ofKeyBatch(value) === sizes.batch &&
    key.shape[3] === sizes.keySize &&
    ofValue.source === sizes.source &&
    ofValue.keyHeads === sizes.keyHeads;
  if (!isMatch) {
    throw new ShapeError(
      `${label}: received ${received}. Expected ${expected}: equal B, S, M and D.`,
      {
        details: { query: query.shape, key: key.shape, value: value.shape },
      },
    );
  }
  if (sizes.keySize === 0 || sizes.valueSize === 0) {
    throw new ShapeError(
      `${label}: received ${received}. Expected ${expected}, head sizes D and E being at least 1.`,
      { details: { keySize: sizes.keySize, valueSize: sizes.valueSize } },
    );
  }
  if (sizes.keyHeads === 0 || sizes.heads % sizes.keyHeads !== 0) {
    throw new ShapeError(
      `${label}: received ${sizes.heads} heads of queries for ${sizes.keyHeads} heads of keys and values. Expected a ` +
        "multiple, so that each head of keys serves as many heads of queries.",
      { details: { heads: sizes.heads, keyHeads: sizes.keyHeads } },
    );
  }
  checkStretched(`${label}: mask`, inputs.mask, { sizes, dtype: "bool" });
  checkStretched(`${label}: bias`, inputs.bias, { sizes, dtype: "float32" });
  checkSettings(settings, label);
  return sizes;
}

function ofKeyBatch({ shape }: Spec): number {
  return shape[0] ?? 0;
}

/** @throws {ShapeError | DTypeError} for a mask or bias that does not stretch to the scores. */
function checkStretched(
  name: string,
  spec: Spec | undefined,
  { sizes, dtype }: { sizes: AttentionSizes; dtype: "bool" | "float32" },
): void {
  if (spec === undefined) return;
  const scores = [sizes.batch, sizes.heads, sizes.time, sizes.source];
  if (spec.dtype !== dtype) {
    throw new DTypeError(
      `${name} is ${formatSpec(spec)}; expected ${dtype}` +
        (dtype === "bool" ? ", true where a query sees a key. A float is added as bias." : "."),
    );
  }
  const fits =
    spec.shape.length === 4 && spec.shape.every((dim, axis) => dim === 1 || dim === scores[axis]);
  if (fits) return;
  throw new ShapeError(
    `${name} has the shape ${formatShape(spec.shape)}. Expected what stretches to the scores ` +
      `[B,N,T,S] = ${formatShape(scores)}: each axis as there, or 1.`,
    { details: { shape: spec.shape, scores } },
  );
}

function checkSettings({ scale, window, dropout }: AttentionSettings, label: string): void {
  if (!Number.isFinite(scale)) {
    throw new ArgumentError(`${label}: scale is ${scale}; expected a finite number.`);
  }
  if (window !== null && !isWholeNumber(window, 1)) {
    throw new ArgumentError(
      `${label}: window is ${window}. Expected a whole number from 1 up (1: each query sees its own position alone), or null.`,
    );
  }
  if (!(dropout >= 0 && dropout < 1)) {
    throw new ArgumentError(`${label}: dropout is ${dropout}; expected a number in [0, 1).`);
  }
}
