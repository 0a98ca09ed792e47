import type { HostScalar } from "../graph/host-scalar.ts";
import type { Attributes, Node, Value } from "../graph/node.ts";
import { type Spec, specOf } from "../graph/spec.ts";
import { lowerAttention } from "../kernels/attention.ts";
import { attentionSettings, inLayout } from "../kernels/attention-shape.ts";
import { attentionGradient, attentionGradientOp } from "./attention-gradient.ts";
import { ATTENTION_INPUTS, checkAttention, inOneDType } from "./attention-inputs.ts";
import { attentionReference, sumsGradient } from "./attention-reference.ts";
import { at } from "./attributes.ts";
import { sumToShape } from "./movement.ts";
import { named, namedInputs, pickInputs } from "./named-inputs.ts";
import type { Op } from "./op.ts";
import type { AttentionAttributes, AttentionInputs, Ops } from "./ops.ts";
import { outputOf, record } from "./record.ts";
import { stepNumber, withStepNumber } from "./step-number.ts";

/**
 * Inputs query [B,N,T,D], key [B,M,S,D], value [B,M,S,E] (layout BTND: [B,T,N,D] and so on), and, where given, mask
 * (bool) and bias (float32), which stretch to [B,N,T,S]. Queries, keys and values may be float16, and O is then; scores and
 * sums are float32. N is a multiple of M: query head n reads head ⌊n·M/N⌋.
 *
 *     S = scale·Q·Kᵀ + bias, where visible      P = softmax S over the keys      O = P·V
 *
 * Visible is what mask, `causal` (j <= i) and `window` (|i - j| < window) allow. With `dropout` each weight of P is
 * dropped with that probability under the node's key. Outputs:
 *
 * - 0 O [B,N,T,E], in the layout; zeros for a query that sees no key
 * - 1 m and log l [B,N,T,2], for the gradient: the largest score of each query, and the logarithm of l = Σ exp(S - m);
 *   3.4e38 and 0 for a query that sees no key. Their sum would be log Σ exp S, but where m is large, as with a bias of
 *   -1e9, a float32 has no digits left for log l.
 *
 * Vaswani et al. 2017, arXiv:1706.03762; without storing S: Dao 2023, arXiv:2307.08691.
 */
export const attentionOp: Op = {
  name: "attention",
  infer: inferForward,
  gradient: gradientOf,
  reference: (o, inputs, { attributes, scalars }) =>
    attentionReference(o, namedInputs(inputs, attributes), {
      ...attentionSettings(attributes),
      key: scalars[0],
    }),
  lowering: { kind: "kernel", lower: lowerAttention },
};

/**
 * `attention` with dropout in a scan, where each step draws other numbers. The last input is the number of the step, which
 * the kernels do not know: this is the reference, in simple ops that store the scores.
 */
const steppedAttentionOp: Op = {
  name: "steppedAttention",
  infer: inferForward,
  reference: (o, inputs, { attributes, scalars }) => {
    const given = namedInputs(inputs, attributes);
    const settings = { ...attentionSettings(attributes), key: scalars[0] };
    return withStepNumber(named(given, "step"), () => attentionReference(o, given, settings));
  },
  lowering: { kind: "expand" },
};

/** Outputs as `attentionOp` lists them. `key` is that of the dropout. */
export function attention(
  inputs: AttentionInputs,
  attributes: AttentionAttributes,
  key?: HostScalar,
): readonly Value[] {
  const { values, names } = pickInputs({ ...inOneDType(inputs) }, ATTENTION_INPUTS);
  const scalars = attributes.dropout > 0 && key ? [key] : [];
  const step = scalars.length > 0 ? stepNumber() : null;
  if (step === null) {
    return record(attentionOp, values, { ...attributes, inputs: names }, { scalars }).outputs;
  }
  const stepped = { ...attributes, inputs: [...names, "step"] };
  return record(steppedAttentionOp, [...values, step], stepped, { scalars }).outputs;
}

export { attentionGradient };

export const attentionOps: readonly Op[] = [attentionOp, steppedAttentionOp, attentionGradientOp];

function inferForward(list: readonly Spec[], attributes: Attributes): Spec[] {
  const settings = attentionSettings(attributes);
  const { batch, heads, time, valueSize } = checkAttention(namedInputs(list, attributes), settings);
  const result = inLayout([batch, heads, time, valueSize], settings.layout);
  const { dtype } = named(namedInputs(list, attributes), "query");
  return [specOf(result, dtype), specOf([batch, heads, time, 2])];
}

function gradientOf(o: Ops, node: Node, dys: readonly (Value | null)[]): readonly (Value | null)[] {
  const settings = attentionSettings(node.attributes);
  const inputs = namedInputs(node.inputs, node.attributes);
  const given = {
    query: named(inputs, "query"),
    key: named(inputs, "key"),
    value: named(inputs, "value"),
    mask: inputs.mask,
    bias: inputs.bias,
    result: outputOf(node, 0),
    sums: outputOf(node, 1),
    dResult: at(dys, 0),
  };
  const [query = null, key = null, value = null, scores = null] = o.attentionGradient(
    given,
    settings,
    node.scalars[0],
  );
  const [, dSums = null] = dys;
  const more = dSums && sumsGradient(o, { ...inputs, dSums }, settings);
  const both = (a: Value | null, b: Value | undefined): Value | null => (a && b ? o.add(a, b) : a);
  const ofScores = both(scores, more?.scores);
  const gradients = {
    query: both(query, more?.query),
    key: both(key, more?.key),
    value,
    mask: null,
    bias: inputs.bias && ofScores ? sumToShape(o, ofScores, inputs.bias.shape) : null,
  };
  return (node.attributes.inputs as readonly (keyof typeof gradients)[]).map(
    (name) => gradients[name],
  );
}
