import type { Rules } from "../autograd/rules.ts";
import { withParts } from "../graph/expression.ts";
import type { HostScalar } from "../graph/host-scalar.ts";
import type { ScanBody, Value } from "../graph/node.ts";
import { sizeOf } from "../graph/shape.ts";
import { specBytes } from "../graph/spec.ts";
import type { Epilogue, Kernel, KernelTarget, Lowered } from "../kernels/dispatch.ts";
import { elementwise } from "../kernels/elementwise.ts";
import { FusedSource } from "../kernels/fused-source.ts";
import { reduce } from "../kernels/reduce.ts";
import { stackLayout } from "../ops/scan.ts";
import { type Fused, headOf, type Step } from "./steps.ts";

/** A step as dispatches; slots named by what they hold. */
export interface LoweredStep {
  readonly step: Step;
  readonly lowered: Lowered;
  /** What SlotRef `input` and `extra` stand for. */
  readonly inputs: readonly Value[];
  readonly extras: readonly Value[];
  /** What the scalars in the dispatches' words stand for. */
  readonly scalars: readonly HostScalar[];
  /** Colocated lists of inputs, and outputs computed in an input's memory. */
  readonly lists: readonly (readonly number[])[];
  readonly inPlace: readonly { readonly output: number; readonly input: number }[];
}

const PLAIN = { extras: [], scalars: [], lists: [], inPlace: [] } as const;

export interface LowerEnvironment {
  readonly rules: Rules;
  readonly target: KernelTarget;
  readonly memoryOf: (value: Value) => Value;
  readonly isUsed: (value: Value) => boolean;
  /** How a loop is lowered: its body's steps come back here. */
  readonly lowerScan: (
    step: Step & { kind: "kernel" },
    body: ScanBody,
    environment: LowerEnvironment,
  ) => LoweredStep;
}

export function lowerStep(step: Step, environment: LowerEnvironment): LoweredStep {
  if (step.results.every((value) => sizeOf(value.shape) === 0)) {
    return { ...PLAIN, step, lowered: { dispatches: [] }, inputs: [] };
  }
  if (step.kind === "elementwise") return lowerElementwise(step, environment);
  if (step.kind === "reduce") return lowerReduce(step, environment);
  if (step.node.body) return environment.lowerScan(step, step.node.body, environment);
  return lowerKernel(step, environment);
}

function lowerElementwise(
  step: Step & { kind: "elementwise" },
  { target }: LowerEnvironment,
): LoweredStep {
  const { expression, loads, scalars, flops } = step.fused;
  const head = headOf(step);
  const shape = step.results[0]?.shape ?? [];
  const dispatch = elementwise(
    {
      name: head.op,
      shape,
      expression,
      loads: loads.map((value) => value.dtype),
      flopsPerElement: flops,
      bytes: bytesOf([...loads, ...step.results]),
      stack: head.op === "stackPiece" ? stackLayout(head) : undefined,
    },
    target,
  );
  return { ...PLAIN, step, lowered: { dispatches: [dispatch] }, inputs: loads, scalars };
}

function lowerReduce(
  step: Step & { kind: "reduce" },
  { rules, target }: LowerEnvironment,
): LoweredStep {
  const { element, epilogue, node } = step;
  const lowering = rules.registry.get(node.op)?.lowering;
  if (lowering?.kind !== "reduce") throw new RangeError(`${node.op} is not a reduction`);
  const loads = [...element.loads];
  const scalars = [...element.scalars];
  const finish = epilogue ? renumber(epilogue, loads, scalars) : null;
  const shape = node.inputs[0]?.shape ?? [];
  const axes = node.attributes.axes as readonly number[];
  const first = axes[0] ?? 0;
  const last = axes[axes.length - 1] ?? first - 1;
  const lowered = reduce(
    {
      name: finish ? `${node.op}+${headOf(step).op}` : node.op,
      combine: lowering.combine,
      outer: sizeOf(shape.slice(0, first)),
      length: sizeOf(shape.slice(first, last + 1)),
      inner: sizeOf(shape.slice(last + 1)),
      isOverBatch: first === 0,
      element: element.expression,
      epilogue: finish,
      resultDType: node.outputs[0]?.dtype ?? "float32",
      loads: loads.map((value) => value.dtype),
      flopsPerElement: 1 + element.flops,
      bytes: bytesOf([...loads, ...step.results]),
    },
    target,
  );
  return { ...PLAIN, step, lowered, inputs: loads, scalars };
}

/** The epilogue's expression over the loads and scalars of both; adds those that it needs. */
function renumber(epilogue: Fused, loads: Value[], scalars: HostScalar[]): Fused["expression"] {
  const indexIn = <T>(list: T[], item: T | undefined): number => {
    if (item === undefined) return 0;
    const known = list.indexOf(item);
    return known >= 0 ? known : list.push(item) - 1;
  };
  const visit = (expression: Fused["expression"]): Fused["expression"] => {
    if (expression.kind === "load") {
      return { ...expression, input: indexIn(loads, epilogue.loads[expression.input]) };
    }
    if (expression.kind === "scalar") {
      return { ...expression, scalar: indexIn(scalars, epilogue.scalars[expression.scalar]) };
    }
    return withParts(expression, visit);
  };
  return visit(epilogue.expression);
}

function lowerKernel(step: Step & { kind: "kernel" }, environment: LowerEnvironment): LoweredStep {
  const { node } = step;
  const lowering = environment.rules.registry.get(node.op)?.lowering;
  if (lowering?.kind !== "kernel") throw new RangeError(`${node.op} is not a kernel`);
  const lowered = lowering.lower({
    ...environment.target,
    node,
    needed: step.results.map((value) => environment.isUsed(value)),
    epilogue: step.epilogue && kernelEpilogue(step.epilogue),
  });
  return {
    step,
    lowered,
    inputs: node.inputs.map((value) => environment.memoryOf(value)),
    extras: step.epilogue?.loads ?? [],
    scalars: step.epilogue ? step.epilogue.scalars : node.scalars,
    lists: lowering.colocated?.(node) ?? [],
    inPlace: lowering.inPlace?.(node) ?? [],
  };
}

function kernelEpilogue(fused: Fused): Epilogue {
  const source = new FusedSource(fused.loads.map((value) => value.dtype));
  source.addFunction("epilogue", fused.expression, { hole: "float32" });
  return {
    dtype: fused.expression.dtype,
    emit: (firstBinding) => source.declarations(firstBinding),
    layout: source.layout,
    bindings: source.inputs.map((index) => ({ kind: "extra", index }) as const),
    words: source.words,
    flopsPerElement: fused.flops,
  };
}

/** What a dispatch of a step is called: where it was recorded, what it computes, and by which kernel. */
export function labelOf(step: Step, kernel: Kernel): string {
  const head = headOf(step);
  const op = step.kind === "elementwise" || !step.epilogue ? head.op : `${step.node.op}+${head.op}`;
  const label = head.scope ? `${head.scope}/${op}` : op;
  return kernel.name === head.op ? label : `${label}:${kernel.name}`;
}

function bytesOf(values: readonly Value[]): number {
  return values.reduce((sum, value) => sum + specBytes(value.spec), 0);
}
