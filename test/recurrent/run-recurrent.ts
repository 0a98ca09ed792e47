import type { DeviceLimits } from "../../src/gpu/limits.ts";
import type { Node, Value } from "../../src/graph/node.ts";
import { sizeOf } from "../../src/graph/shape.ts";
import type { RecurrentPlan } from "../../src/kernels/kernel-options.ts";
import { savedGates } from "../../src/kernels/recurrent.ts";
import type { Op } from "../../src/ops/op.ts";
import type { RecurrentGradientInputs } from "../../src/ops/ops.ts";
import { recurrent, recurrentOp } from "../../src/ops/recurrent.ts";
import { recurrentGradient, recurrentGradientOp } from "../../src/ops/recurrent-gradient.ts";
import { GRADIENT_INPUTS } from "../../src/ops/recurrent-inputs.ts";
import { randomFloats } from "../helpers/random-values.ts";
import { type HostTensor, runKernel, tensor } from "../helpers/run-kernel.ts";
import { evaluate } from "../reference/interpreter.ts";
import { leavesOf, type RecurrentCase } from "./recurrent-case.ts";

export interface RunOptions {
  readonly plan?: RecurrentPlan;
  readonly needed?: readonly boolean[];
  readonly limits?: Partial<DeviceLimits>;
  /** Time steps of a dispatch. */
  readonly chunk?: number;
}

/** The forward op on the GPU: states, (LSTM) cells, (LSTM, GRU) gates. */
export function runForward(
  of: RecurrentCase,
  options: RunOptions = {},
): Promise<ArrayLike<number>[]> {
  const [first] = recurrent(leavesOf(of.inputs), of.attributes);
  return runNode(recurrentOp, { node: nodeOf(first), hosts: Object.values(of.inputs) }, options);
}

/** The same in double precision, from the op's own reference. */
export function referenceForward(of: RecurrentCase): Float64Array[] {
  return evaluate(recurrent(leavesOf(of.inputs), of.attributes));
}

/** The inputs of the gradient op: those of the forward op, its outputs, and gradients of states and cells. */
export function gradientCase(of: RecurrentCase): Readonly<Record<string, HostTensor>> {
  const { batch, time, units } = of.sizes;
  const outer = of.inputs.recurrentKernel?.shape.slice(0, -2) ?? [];
  const sequence = [...outer, batch, time, units];
  const outputs = referenceForward(of).map((data) => {
    const width = data.length / (sizeOf(outer) * batch * time);
    return tensor([...outer, batch, time, width], Float32Array.from(data));
  });
  const [states, second, third] = outputs;
  const isLstm = of.attributes.cell === "lstm";
  const dStates = tensor(sequence, randomFloats(sizeOf(sequence), 7));
  const hosts: Record<string, HostTensor> = { ...of.inputs };
  if (states) hosts.states = states;
  if (isLstm && second) hosts.cells = second;
  const gates = isLstm ? third : second;
  if (gates) hosts.gates = gates;
  hosts.dStates = dStates;
  if (isLstm) hosts.dCells = tensor(sequence, randomFloats(sizeOf(sequence), 8));
  return hosts;
}

/** The gradient op on the GPU: dProjected, dInitialState, (LSTM) dInitialCell. */
export function runGradient(
  of: RecurrentCase,
  hosts: Readonly<Record<string, HostTensor>>,
  options: RunOptions = {},
): Promise<ArrayLike<number>[]> {
  const [first] = recurrentGradient(gradientLeaves(hosts), of.attributes);
  return runNode(
    recurrentGradientOp,
    { node: nodeOf(first), hosts: Object.values(hosts) },
    options,
  );
}

export function referenceGradient(
  of: RecurrentCase,
  hosts: Readonly<Record<string, HostTensor>>,
): Float64Array[] {
  return evaluate(recurrentGradient(gradientLeaves(hosts), of.attributes));
}

/**
 * Inputs of the gradient op that no forward pass gave: every number at random. Enough where only the kernel's own
 * behaviour counts, and cheap for long sequences.
 */
export function randomGradientCase(of: RecurrentCase): Readonly<Record<string, HostTensor>> {
  const { batch, time, units } = of.sizes;
  const outer = of.inputs.recurrentKernel?.shape.slice(0, -2) ?? [];
  const saved = savedGates(of.attributes);
  const names = [
    "states",
    "dStates",
    ...(of.attributes.cell === "lstm" ? ["cells", "dCells"] : []),
  ];
  const random = (width: number, seed: number): HostTensor => {
    const shape = [...outer, batch, time, width];
    return tensor(shape, randomFloats(sizeOf(shape), seed, 0.5));
  };
  const gates = saved > 0 ? { gates: random(saved * units, 9) } : {};
  const sequences = names.map((name, i) => [name, random(units, 10 + i)] as const);
  const hosts = { ...of.inputs, ...gates, ...Object.fromEntries(sequences) };
  return Object.fromEntries(
    GRADIENT_INPUTS.flatMap((name) => {
      const host = (hosts as Record<string, HostTensor>)[name];
      return host ? [[name, host]] : [];
    }),
  );
}

export function gradientLeaves(
  hosts: Readonly<Record<string, HostTensor>>,
): RecurrentGradientInputs {
  return leavesOf(hosts) as unknown as RecurrentGradientInputs;
}

function nodeOf(value: Value | undefined): Node {
  if (value === undefined) throw new Error("the op has no output");
  return value.node;
}

async function runNode(
  op: Op,
  { node, hosts }: { node: Node; hosts: readonly HostTensor[] },
  { plan, needed, limits, chunk }: RunOptions,
): Promise<ArrayLike<number>[]> {
  const { lowering } = op;
  if (lowering.kind !== "kernel") throw new Error(`${op.name} has no kernel`);
  const options = {
    ...(plan === undefined ? {} : { recurrentPlan: plan }),
    ...(chunk === undefined ? {} : { recurrentChunk: chunk }),
  };
  return runKernel({
    lower: (context) => lowering.lower({ ...context, options }),
    inputs: hosts,
    outputs: node.outputs.map(({ spec }) => spec),
    attributes: node.attributes,
    ...(needed ? { needed } : {}),
    ...(limits ? { limits } : {}),
  });
}
