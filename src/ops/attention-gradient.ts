import { ShapeError } from "../errors.ts";
import type { HostScalar } from "../graph/host-scalar.ts";
import type { Attributes, Value } from "../graph/node.ts";
import { shapesEqual } from "../graph/shape.ts";
import { formatSpec, type Spec, specOf } from "../graph/spec.ts";
import { lowerAttentionGradient } from "../kernels/attention-gradient.ts";
import { attentionSettings, inLayout } from "../kernels/attention-shape.ts";
import { ATTENTION_GRADIENT_INPUTS, checkAttention } from "./attention-inputs.ts";
import { attentionGradientReference } from "./attention-reference.ts";
import { cast } from "./cast.ts";
import { named, namedInputs, pickInputs } from "./named-inputs.ts";
import type { Op } from "./op.ts";
import type { AttentionAttributes, AttentionGradientInputs } from "./ops.ts";
import { record } from "./record.ts";

/**
 * `attention` backwards. Inputs: those of the forward op, its outputs O and (m, log l), and dO. Outputs:
 *
 *     P = exp(S - m - log l)      Δ = Σ over E of dO·O      dS = P·(dO·Vᵀ - Δ)
 *     0 dQ = scale·dS·K      1 dK = scale·dSᵀ·Q      2 dV = Pᵀ·dO      3 dS [B,N,T,S], the gradient of a bias
 *
 * With dropout, whose factors Z are 0 or 1 / (1 - rate): dS = P·(Z·dO·Vᵀ - Δ) and dV = (Z·P)ᵀ·dO. dS is stored only
 * where somebody wants it.
 */
export const attentionGradientOp: Op = {
  name: "attentionGradient",
  infer: inferGradient,
  reference: (o, inputs, { attributes, scalars }) =>
    attentionGradientReference(o, namedInputs(inputs, attributes), {
      ...attentionSettings(attributes),
      key: scalars[0],
    }),
  lowering: { kind: "kernel", lower: lowerAttentionGradient },
};

/** Outputs as `attentionGradientOp` lists them. */
export function attentionGradient(
  inputs: AttentionGradientInputs,
  attributes: AttentionAttributes,
  key?: HostScalar,
): readonly Value[] {
  const { values, names } = pickInputs(
    { ...inputs, dResult: cast(inputs.dResult, inputs.result.dtype) },
    ATTENTION_GRADIENT_INPUTS,
  );
  const scalars = attributes.dropout > 0 && key ? [key] : [];
  return record(attentionGradientOp, values, { ...attributes, inputs: names }, { scalars }).outputs;
}

function inferGradient(list: readonly Spec[], attributes: Attributes): Spec[] {
  const inputs = namedInputs(list, attributes);
  const settings = attentionSettings(attributes);
  const sizes = checkAttention(inputs, settings);
  const { batch, heads, time, source, valueSize } = sizes;
  const result = inLayout([batch, heads, time, valueSize], settings.layout);
  const expected = { result, dResult: result, sums: [batch, heads, time, 2] };
  for (const [name, shape] of Object.entries(expected)) {
    const spec = named(inputs, name);
    if (shapesEqual(spec.shape, shape)) continue;
    throw new ShapeError(
      `attentionGradient: ${name} is ${formatSpec(spec)}; expected [${shape}].`,
      { details: { [name]: spec.shape, expected: shape } },
    );
  }
  const same = ["query", "key", "value"].map((name) => named(inputs, name));
  return [...same, specOf([batch, heads, time, source])];
}
