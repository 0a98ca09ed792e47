import { ArgumentError, DTypeError, ShapeError } from "../errors.ts";
import type { HostScalar } from "../graph/host-scalar.ts";
import type { Node, Value } from "../graph/node.ts";
import { formatSpec, specOf } from "../graph/spec.ts";
import { lowerSampleToken } from "../kernels/sample-token.ts";
import { at, numberAttribute } from "./attributes.ts";
import type { Op } from "./op.ts";
import type { Ops, SampleInputs, SamplingRules } from "./ops.ts";
import { gumbel, uniformBits } from "./random-bits.ts";
import { recordOne } from "./record.ts";

/** Element i of the standard Gumbel distribution under the key that a step has of its own. */
const gumbelNoiseOp: Op = {
  name: "gumbelNoise",
  infer: (inputs) => {
    const step = at(inputs, 0);
    if (step.dtype === "int32") return [specOf(step.shape)];
    throw new DTypeError(`gumbelNoise: the step is ${formatSpec(step)}. Expected int32.`);
  },
  gradient: () => [null],
  lowering: {
    kind: "elementwise",
    usesIndex: true,
    libs: ["random"],
    write: ([step, key, index]) => `random_gumbel(random_bits(${key}, ${step}), ${index})`,
    host: ([step = 0, key = 0, index = 0]) => gumbel(uniformBits(key, step) | 0, index),
    flops: 250,
  },
};

/**
 * One token for each row of logits [B, V]: with z = (x - max x) / temperature, the greatest z + g among the tokens that the
 * rules leave, where g is Gumbel noise; so token i has probability exp(z_i) / Σ exp(z). Tokens stand in an order: greater
 * logits first, of equal ones the lower id. topK leaves the first k of them; topP those before which less than the
 * share p of the probability lies; minP those with exp(z) >= minP. Temperature 0 takes the first. A row with NaN or
 * infinity in it, or without a finite logit, gives -1.
 */
const sampleTokenOp: Op = {
  name: "sampleToken",
  infer: (inputs, attributes) => {
    const [logits, step] = [at(inputs, 0), at(inputs, 1)];
    if (logits.dtype !== "float32" || logits.shape.length !== 2 || logits.shape[1] === 0) {
      throw new ShapeError(
        `sampleToken: received logits ${formatSpec(logits)}. Expected float32 [B, V] with at least one token.`,
        { details: { received: logits.shape } },
      );
    }
    if (step.dtype !== "int32" || step.shape.length > 0) {
      throw new DTypeError(
        `sampleToken: the step is ${formatSpec(step)}. Expected a whole number, int32 [].`,
      );
    }
    checkRules(rulesOf(attributes));
    return [specOf(logits.shape.slice(0, 1), "int32")];
  },
  gradient: () => [null, null],
  reference: (o, [logits, step], node) => {
    const key = node.scalars[0];
    if (!logits || !step || !key) throw new RangeError("sampleToken takes logits, step and key");
    return [sampled(o, { logits, step, key }, rulesOf(node.attributes))];
  },
  lowering: { kind: "kernel", lower: lowerSampleToken },
};

/** The rules as they stand in an op's attributes. */
function rulesOf(attributes: Node["attributes"]): SamplingRules {
  const [temperature, topK, topP, minP] = ["temperature", "topK", "topP", "minP"].map((name) =>
    numberAttribute(attributes, name),
  );
  return { temperature, topK, topP, minP } as SamplingRules;
}

/** @throws {ArgumentError} for rules that leave no token, or make no sense. */
function checkRules({ temperature, topK, topP, minP }: SamplingRules): void {
  const fits =
    Number.isFinite(temperature) &&
    temperature >= 0 &&
    Number.isInteger(topK) &&
    topK >= 0 &&
    topP > 0 &&
    topP <= 1 &&
    minP >= 0 &&
    minP <= 1;
  if (fits) return;
  throw new ArgumentError(
    `sampleToken: received ${JSON.stringify({ temperature, topK, topP, minP })}. Expected temperature >= 0, a whole ` +
      "topK >= 0, topP in (0, 1] and minP in [0, 1].",
  );
}

/** Every token against every other: plain, and for small vocabularies only. */
function sampled(o: Ops, { logits, step, key }: SampleInputs, rules: SamplingRules): Value {
  const { temperature, topK, topP, minP } = rules;
  const [rows = 0, columns = 0] = logits.shape;
  const most = o.max(logits, [1], true); // [B, 1]
  const token =
    temperature === 0
      ? o.argMax(logits, 1)
      : o.argMax(o.where(kept(), o.add(scaled(), noise()), o.literal(Number.NEGATIVE_INFINITY)), 1);
  const unfit = o.logicalOr(o.isNaN(logits), o.equal(logits, o.literal(Number.POSITIVE_INFINITY)));
  const isBad = o.logicalOr(
    o.greater(o.sum(o.cast(unfit, "float32"), [1]), o.literal(0)),
    o.equal(o.reshape(most, [rows]), o.literal(Number.NEGATIVE_INFINITY)),
  );
  return o.where(isBad, o.literal(-1, [], "int32"), token);

  function scaled(): Value {
    return o.div(o.sub(logits, most), o.literal(temperature));
  }

  function noise(): Value {
    return o.gumbelNoise(o.broadcastTo(step, logits.shape), key);
  }

  function kept(): Value {
    const weight = o.exp(scaled()); // [B, V]
    const [own, other] = [
      o.reshape(logits, [rows, columns, 1]),
      o.reshape(logits, [rows, 1, columns]),
    ];
    const [row, column] = [o.reshape(o.range(columns), [columns, 1]), o.range(columns)];
    const isBefore = o.logicalOr(
      o.greater(other, own),
      o.logicalAnd(o.equal(other, own), o.less(column, row)),
    ); // [B, V, V]: whether the other one comes first
    const before = o.cast(isBefore, "float32");
    const rank = o.sum(before, [2]);
    const isAmongFirst = o.less(rank, o.literal(topK === 0 ? columns : topK));
    const share = o.where(isAmongFirst, weight, o.literal(0));
    const mass = o.sum(o.mul(before, o.reshape(share, [rows, 1, columns])), [2]);
    const target = o.mul(o.sum(share, [1], true), o.literal(topP));
    const isWithinP = topP < 1 ? o.less(mass, target) : isAmongFirst;
    const isProbable = o.greaterEqual(weight, o.literal(minP));
    return o.logicalAnd(o.logicalAnd(isAmongFirst, isWithinP), isProbable);
  }
}

export function gumbelNoise(step: Value, key: HostScalar): Value {
  return recordOne(gumbelNoiseOp, [step], {}, { scalars: [key] });
}

export function sampleToken({ logits, step, key }: SampleInputs, rules: SamplingRules): Value {
  const { temperature, topK, topP, minP } = rules;
  const attributes = { temperature, topK, topP, minP };
  return recordOne(sampleTokenOp, [logits, step], attributes, { scalars: [key] });
}

export const sampleTokenOps: readonly Op[] = [gumbelNoiseOp, sampleTokenOp];
