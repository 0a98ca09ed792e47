import { ops } from "../ops/index.ts";
import { add, expandDims, matMul, reshape, slice, stack, Tensor } from "../tensor/index.ts";
import type { FusibleLayer } from "./recurrence.ts";
import { atTime, type RecurrentRun } from "./recurrent-run.ts";
import type { Sequences } from "./step-loop.ts";

/** Both directions of a bidirectional layer. */
export interface Pair {
  readonly forward: RecurrentRun;
  readonly backward: RecurrentRun;
}

/** Whether one op can run both over the same sequence: they are alike in everything but weights and direction. */
export function isPair(forward: FusibleLayer, backward: FusibleLayer): boolean {
  const [a, b] = [forward.attributes, backward.attributes];
  return (
    a.cell === b.cell &&
    a.activation === b.activation &&
    a.resetAfter === b.resetAfter &&
    a.reverse !== b.reverse &&
    forward.units === backward.units &&
    forward.useBias === backward.useBias &&
    forward.stateful === backward.stateful
  );
}

/** Runs both directions in one op; the time loop is one dispatch for the two. */
export function runPair({ forward, backward }: Pair): [Sequences, Sequences] {
  const both = (pick: (run: RecurrentRun) => Tensor | null | undefined): Tensor | undefined => {
    const [a, b] = [pick(forward), pick(backward)];
    return a && b ? stack([a, b]) : undefined;
  };
  const recurrentKernel = both((run) => run.recurrentKernel) ?? forward.recurrentKernel;
  const sequences = ops
    .recurrent(
      {
        projected: project(forward, both).value, // [2, B, T, G*H]
        recurrentKernel: recurrentKernel.value, // [2, H, G*H]
        recurrentBias: both((run) => run.recurrentBias)?.value,
        initialState: both((run) => run.initialStates?.[0])?.value,
        initialCell: both((run) => run.initialStates?.[1])?.value,
        mask: forward.mask?.value,
      },
      forward.attributes,
    )
    .map((value) => Tensor.of(value));
  const kept = sequences.slice(0, forward.attributes.cell === "lstm" ? 2 : 1);
  return [direction(kept, 0, forward), direction(kept, 1, backward)];
}

/** x·kernel + bias of both for all steps at once, [2, B, T, G·H]. */
function project(
  { x, kernel, bias }: RecurrentRun,
  both: (pick: (run: RecurrentRun) => Tensor | null) => Tensor | undefined,
): Tensor {
  const [batch = 1, time = 1, features = 1] = x.shape;
  const kernels = both((run) => run.kernel) ?? kernel; // [2, I, G*H]
  const product = matMul(reshape(x, [1, batch * time, features]), kernels); // [2, B*T, G*H]
  const biases = bias && both((run) => run.bias); // [2, G*H]
  const sum = biases ? add(product, expandDims(biases, 1)) : product;
  return reshape(sum, [2, batch, time, kernels.shape[2] ?? 1]);
}

/** What one direction gave, from states (and cells) [2, B, T, H]. */
function direction(sequences: readonly Tensor[], index: number, run: RecurrentRun): Sequences {
  const own = sequences.map((sequence) => {
    const [, ...shape] = sequence.shape;
    return reshape(slice(sequence, [index, 0, 0, 0], [1, ...shape]), shape); // [B, T, H]
  });
  const [output] = own;
  if (output === undefined) throw new RangeError("recurrent gave no output");
  const lastTime = run.attributes.reverse ? 0 : (output.shape[1] ?? 1) - 1;
  return { output, states: own.map((sequence) => atTime(sequence, lastTime)) };
}
