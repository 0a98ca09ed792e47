import { isFloat } from "../graph/dtype.ts";
import type { Node, ScanBody, Value } from "../graph/node.ts";
import { axisBefore, bodyParameters, bodyResults } from "../graph/scan-body.ts";
import type { Ops } from "../ops/ops.ts";
import type { Rules } from "./rules.ts";
import { SumsOverSteps } from "./sums-over-steps.ts";

/** Reverse-mode differentiation of a graph; `backward` hands itself in. */
type Differentiate = (
  outputs: readonly Value[],
  dys: readonly (Value | null)[],
  options: { xs: readonly Value[]; rules: Rules },
) => (Value | null)[];

/**
 * The gradient of a loop is a loop in the other direction. It carries the gradient of each carry; it computes the step
 * anew from the carries before it, which the forward loop has stacked, and gives the gradients of the sequences piece by
 * piece. Gradients of captures are sums over all steps (sums-over-steps.ts). The body's own marks serve again: in
 * the reverse loop the carries of old are sequences.
 */
export function scanGradient(
  { node, body }: { node: Node; body: ScanBody },
  dys: readonly (Value | null)[],
  { rules, differentiate }: { rules: Rules; differentiate: Differentiate },
): (Value | null)[] {
  const { ops } = rules;
  const { carries, xs, next, ys, length } = body;
  const stacked = [
    ...ys.map(({ value, axis }) => ({ spec: value.spec, axis })),
    ...carries.map((mark) => ({ spec: mark.spec, axis: axisBefore(body.axis, mark) })),
  ];
  const dNext = next.map(({ spec }) => (isFloat(spec.dtype) ? ops.mark(spec) : null));
  const dPieces = stacked.map(({ spec, axis }, i) => {
    const whole = dys[carries.length + i];
    return whole ? { whole, mark: ops.mark(spec), axis } : null;
  });
  const dOf = (index: number): Value | null => dPieces[index]?.mark ?? null;
  const found = differentiate(bodyResults(body), [...dNext, ...ys.map((_, i) => dOf(i))], {
    xs: bodyParameters(body),
    rules,
  }).map((gradient, i) => (isFloat(bodyParameters(body)[i]?.dtype ?? "int32") ? gradient : null));
  const dCarries = found.slice(0, carries.length);
  const dXs = found.slice(carries.length, carries.length + xs.length);
  const dCaptures = found.slice(carries.length + xs.length);

  const sequences = [
    ...carries.map((mark, i) => ({
      whole: node.outputs[carries.length + ys.length + i] as Value,
      mark,
      axis: axisBefore(body.axis, mark),
    })),
    ...xs.map(({ mark, axis }, i) => ({
      whole: node.inputs[carries.length + i] as Value,
      mark,
      axis,
    })),
    ...dPieces.filter((piece) => piece !== null),
  ];
  const carried = dNext.map((mark, i) => {
    if (!mark) return null;
    const sum = addGiven(ops, dCarries[i] ?? null, dOf(ys.length + i));
    const zeros = ops.literal(0, mark.shape, mark.dtype);
    return { initial: dys[i] ?? zeros, mark, next: sum ?? zeros };
  });
  const pieces = xs.map(({ axis }, i) => {
    const value = dXs[i];
    return value ? { value, axis } : null;
  });
  const given = pieces.filter((piece) => piece !== null);
  const sums = new SumsOverSteps({ ops, body, sequences, stacked: given });
  const dSums = dCaptures.map((gradient) => gradient && sums.add(gradient));
  const inside = carried.filter((one) => one !== null);
  const result = ops.scan({
    carries: [...inside, ...sums.carries],
    xs: sequences,
    ys: sums.stacked,
    length,
    reverse: !body.reverse,
  });
  const finals = [...result.carries];
  const stacks = [...result.ys];
  const dInitial = carried.map((one) => one && (finals.shift() ?? null));
  const dSequences = pieces.map((piece) => piece && (stacks.shift() ?? null));
  const total = sums.totals(result.carries.slice(inside.length), result.ys);
  return [...dInitial, ...dSequences, ...dSums.map((sum) => sum && total(sum))];
}

function addGiven(ops: Ops, a: Value | null, b: Value | null): Value | null {
  return a && b ? ops.add(a, b) : (a ?? b);
}
