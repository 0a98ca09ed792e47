import { ArgumentError, ShapeError } from "../errors.ts";
import { HostScalar } from "../graph/host-scalar.ts";
import type { Node, Value } from "../graph/node.ts";
import { formatShape, shapesEqual } from "../graph/shape.ts";
import { lowerOptimizerUpdate, UPDATE_KINDS } from "../kernels/optimizer-update.ts";
import type { Op } from "./op.ts";
import { record } from "./record.ts";

/**
 * One step of an optimizer for many parameters at once, in place. Inputs: parameters, gradients, each slot
 * list (all of the same lengths and shapes), and the control of `gradientCheck`; where that refuses, nothing
 * changes. Outputs: the new parameters, then the new slots. Equations: shaders/optimizer_update.wgsl.
 */
export const optimizerUpdateOp: Op = {
  name: "optimizerUpdate",
  infer: (inputs, attributes) => {
    const count = attributes.parameters as number;
    const kept = inputs.slice(0, count);
    inputs.slice(0, -1).forEach((x, i) => {
      const parameter = kept[i % count];
      if (!parameter || (shapesEqual(x.shape, parameter.shape) && x.dtype === "float32")) return;
      throw new ShapeError(
        `optimizerUpdate: ${i < 2 * count ? "a gradient" : "a slot"} has shape ${formatShape(x.shape)}, its ` +
          `parameter ${formatShape(parameter.shape)}. Expected the same shape, float32.`,
      );
    });
    return [...kept, ...inputs.slice(2 * count, -1)];
  },
  gradient: () => [],
  lowering: {
    kind: "kernel",
    lower: lowerOptimizerUpdate,
    colocated: (node: Node) => {
      const count = node.attributes.parameters as number;
      const lists = 2 + (node.attributes.slots as number);
      return Array.from({ length: lists }, (_, list) =>
        Array.from({ length: count }, (_, i) => list * count + i),
      );
    },
    inPlace: (node: Node) => {
      const count = node.attributes.parameters as number;
      // Outputs skip the gradients: parameters first, then the slots.
      return node.outputs.map((_, output) => ({
        output,
        input: output < count ? output : output + count,
      }));
    },
  },
};

/** What is updated, and by what. */
export interface OptimizerUpdateInputs {
  readonly kind: string;
  readonly parameters: readonly Value[];
  readonly gradients: readonly Value[];
  /** For each slot of the rule, a value a parameter. */
  readonly slots: readonly (readonly Value[])[];
  readonly control: Value;
  /** RMSprop: keeps a mean of the gradients, keeps a momentum. */
  readonly centered?: boolean | undefined;
  readonly momentum?: boolean | undefined;
}

/** A number that the kernel reads, from numbers of the optimizer; in double precision, once a run. */
interface KernelNumber {
  readonly from: readonly string[];
  readonly value: (...numbers: readonly number[]) => number;
}

const same = (name: string): KernelNumber => ({ from: [name], value: (x = 0) => x });

/** 1 - x of a float32 x near 1 would have lost half of its digits. */
const complement = (name: string): KernelNumber => ({ from: [name], value: (x = 0) => 1 - x });

const ADAM: readonly KernelNumber[] = [
  complement("beta1"),
  complement("beta2"),
  same("epsilon"),
  {
    from: ["biasCorrection1", "biasCorrection2"],
    value: (first = 1, second = 1) => Math.sqrt(second) / first,
  },
];

const COMMON = ["learningRate", "globalClipnorm", "clipvalue"].map(same);

/** The numbers of each kind after the common ones, in the order in which its rule reads them. */
const NUMBERS: Readonly<Record<string, readonly KernelNumber[]>> = {
  sgd: [],
  momentum: [same("momentum")],
  nesterov: [same("momentum")],
  rmsprop: [complement("rho"), same("momentum"), same("epsilon")],
  adam: ADAM,
  adamw: [...ADAM, same("weightDecay")],
};

/** @throws {ArgumentError} for an unknown kind or a missing number. */
export function optimizerUpdate(
  { kind, parameters, gradients, slots, control, centered, momentum }: OptimizerUpdateInputs,
  numbers: Readonly<Record<string, HostScalar>>,
): { parameters: readonly Value[]; slots: readonly (readonly Value[])[] } {
  const own = NUMBERS[kind];
  if (!own) {
    throw new ArgumentError(
      `optimizerUpdate: received kind "${kind}". Expected one of ${UPDATE_KINDS.join(", ")}.`,
    );
  }
  const scalars = [...COMMON, ...own].map(({ from, value }) => {
    const parts = from.map((name) => {
      const scalar = numbers[name];
      if (!scalar) throw new ArgumentError(`optimizerUpdate: ${kind} needs the number "${name}".`);
      return scalar;
    });
    return new HostScalar(() => value(...parts.map((scalar) => scalar.read())));
  });
  const count = parameters.length;
  const attributes = {
    kind,
    parameters: count,
    slots: slots.length,
    centered: centered === true,
    momentum: momentum === true,
  };
  const inputs = [...parameters, ...gradients, ...slots.flat(), control];
  const { outputs } = record(optimizerUpdateOp, inputs, attributes, { scalars });
  return {
    parameters: outputs.slice(0, count),
    slots: slots.map((_, i) => outputs.slice((i + 1) * count, (i + 2) * count)),
  };
}
