import type { Node, ScanBody, Value } from "../graph/node.ts";
import { bodyParameters, bodyResults } from "../graph/scan-body.ts";
import type { Ops } from "../ops/ops.ts";
import type { Rules } from "./rules.ts";

/** Reverse-mode differentiation of a graph; `backward` hands itself in. */
type Differentiate = (
  outputs: readonly Value[],
  dys: readonly (Value | null)[],
  options: { xs: readonly Value[]; rules: Rules },
) => (Value | null)[];

/**
 * The gradient of a loop is a loop in the other direction. It carries the gradient of each carry, and for each capture
 * the sum so far; it computes the step anew from the carries before it, which the forward loop has stacked, and gives
 * the gradients of the sequences piece by piece. The body's own marks serve again: in the reverse loop the
 * carries of old are sequences.
 */
export function scanGradient(
  { node, body }: { node: Node; body: ScanBody },
  dys: readonly (Value | null)[],
  { rules, differentiate }: { rules: Rules; differentiate: Differentiate },
): (Value | null)[] {
  const { ops } = rules;
  const { carries, xs, captures, next, ys, length } = body;
  const whole = (index: number): Value => node.inputs[carries.length + index] as Value;
  const before = (index: number): Value =>
    node.outputs[carries.length + ys.length + index] as Value;

  const dNext = next.map(({ spec }) => (spec.dtype === "float32" ? ops.mark(spec) : null));
  const dStacks = dys.slice(carries.length);
  const dPieces = [...ys.map(({ value }) => value), ...carries].map(({ spec }, i) =>
    dStacks[i] ? ops.mark(spec) : null,
  );
  const dBefore = dPieces.slice(ys.length);
  const found = differentiate(bodyResults(body), [...dNext, ...dPieces.slice(0, ys.length)], {
    xs: bodyParameters(body),
    rules,
  });
  const dCarries = found.slice(0, carries.length);
  const dXs = found.slice(carries.length, carries.length + xs.length);
  const dCaptures = found.slice(carries.length + xs.length);

  const carried = dNext.map((mark, i) => {
    if (!mark) return null;
    const sum = addGiven(ops, dCarries[i] ?? null, dBefore[i] ?? null);
    const next = sum ?? ops.literal(0, mark.shape);
    return { initial: dys[i] ?? ops.literal(0, mark.shape), mark, next };
  });
  const sums = captures.map(({ spec }, i) => {
    const gradient = dCaptures[i];
    if (!gradient || spec.dtype !== "float32") return null;
    const mark = ops.mark(spec);
    return { initial: ops.literal(0, spec.shape), mark, next: ops.add(mark, gradient) };
  });
  const pieces = xs.map(({ mark, axis }, i) => {
    const value = dXs[i];
    return value && mark.dtype === "float32" ? { value, axis } : null;
  });
  const result = ops.scan({
    carries: [...carried, ...sums].filter((one) => one !== null),
    xs: [
      ...carries.map((mark, i) => ({ whole: before(i), mark, axis: 0 })),
      ...xs.map(({ mark, axis }, i) => ({ whole: whole(i), mark, axis })),
      ...dPieces.flatMap((mark, i) => {
        const stack = dStacks[i];
        return mark && stack ? [{ whole: stack, mark, axis: ys[i]?.axis ?? 0 }] : [];
      }),
    ],
    ys: pieces.filter((piece) => piece !== null),
    length,
    reverse: !body.reverse,
  });
  const finals = [...result.carries];
  const stacks = [...result.ys];
  const give = (list: readonly unknown[], from: Value[]): (Value | null)[] =>
    list.map((one) => (one === null ? null : (from.shift() ?? null)));
  const dInitial = give(carried, finals);
  const dSums = give(sums, finals);
  return [...dInitial, ...give(pieces, stacks), ...dSums];
}

function addGiven(ops: Ops, a: Value | null, b: Value | null): Value | null {
  return a && b ? ops.add(a, b) : (a ?? b);
}
