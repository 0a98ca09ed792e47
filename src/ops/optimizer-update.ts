import { ArgumentError, ShapeError } from "../errors.ts";
import type { HostScalar } from "../graph/host-scalar.ts";
import type { Node, Value } from "../graph/node.ts";
import { formatShape, shapesEqual } from "../graph/shape.ts";
import {
  lowerOptimizerUpdate,
  UPDATE_KINDS,
  type UpdateKind,
} from "../kernels/optimizer-update.ts";
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
  readonly kind: UpdateKind;
  readonly parameters: readonly Value[];
  readonly gradients: readonly Value[];
  /** For each slot of the rule, a value a parameter. */
  readonly slots: readonly (readonly Value[])[];
  readonly control: Value;
}

/** What every rule is given: `decay` is the share that a weight loses beforehand, `due` 0 leaves all as it is. */
const COMMON = ["learningRate", "globalClipnorm", "clipvalue", "decay", "due"];

const ADAM = ["oneMinusBeta1", "oneMinusBeta2", "epsilon", "correction"];
const RMSPROP = ["oneMinusRho", "epsilon"];

/**
 * The numbers of each kind after the common ones, in the order in which its rule reads them. 1 - beta is a number of
 * its own: of a float32 beta near 1 it would have lost half of its digits.
 */
const NUMBERS: Readonly<Record<UpdateKind, readonly string[]>> = {
  sgd: [],
  momentum: ["momentum"],
  nesterov: ["momentum"],
  rmsprop: RMSPROP,
  rmspropMomentum: [...RMSPROP, "momentum"],
  rmspropCentered: RMSPROP,
  rmspropCenteredMomentum: [...RMSPROP, "momentum"],
  adagrad: ["epsilon"],
  adadelta: ["oneMinusRho", "epsilon"],
  adam: ADAM,
  adamAmsgrad: ADAM,
  adamax: ["oneMinusBeta1", "beta2", "epsilon", "correction"],
  nadam: ["oneMinusBeta1", "oneMinusBeta2", "epsilon", "ahead", "now", "correction"],
  lion: ["oneMinusBeta1", "oneMinusBeta2"],
  blend: ["share"],
};

/** The numbers that an update of this kind takes. */
export function updateNumbers(kind: UpdateKind): readonly string[] {
  return [...COMMON, ...NUMBERS[kind]];
}

/** @throws {ArgumentError} for an unknown kind or a missing number. */
export function optimizerUpdate(
  { kind, parameters, gradients, slots, control }: OptimizerUpdateInputs,
  numbers: Readonly<Record<string, HostScalar>>,
): { parameters: readonly Value[]; slots: readonly (readonly Value[])[] } {
  if (!Object.hasOwn(NUMBERS, kind)) {
    throw new ArgumentError(
      `optimizerUpdate: received kind "${kind}". Expected one of ${UPDATE_KINDS.join(", ")}.`,
    );
  }
  const scalars = updateNumbers(kind).map((name) => {
    const scalar = numbers[name];
    if (!scalar) throw new ArgumentError(`optimizerUpdate: ${kind} needs the number "${name}".`);
    return scalar;
  });
  const count = parameters.length;
  const attributes = { kind, parameters: count, slots: slots.length };
  const inputs = [...parameters, ...gradients, ...slots.flat(), control];
  const { outputs } = record(optimizerUpdateOp, inputs, attributes, { scalars });
  return {
    parameters: outputs.slice(0, count),
    slots: slots.map((_, i) => outputs.slice((i + 1) * count, (i + 2) * count)),
  };
}
