import { ArgumentError, DTypeError, ShapeError } from "../errors.ts";
import { isFloat } from "../graph/dtype.ts";
import type { Attributes, Node, Value } from "../graph/node.ts";
import { formatShape, type Shape, shapesEqual, sizeOf } from "../graph/shape.ts";
import { formatSpec, type Spec } from "../graph/spec.ts";
import type { RecurrentCall } from "../kernels/recurrent-dispatch.ts";
import { gateCount } from "../kernels/recurrent-plan.ts";
import { cast } from "./cast.ts";
import { toFloat } from "./common-dtype.ts";
import { inputNames, type Named, named, namedInputs } from "./named-inputs.ts";
import type { RecurrentAttributes } from "./ops.ts";

/** Names that a node's inputs can have, in the order in which they stand. */
export const FORWARD_INPUTS = [
  "projected",
  "recurrentKernel",
  "recurrentBias",
  "initialState",
  "initialCell",
  "mask",
] as const;

/** The same for the gradient: what the forward pass had, what it gave, and the gradients of that. */
export const GRADIENT_INPUTS = [
  ...FORWARD_INPUTS,
  "states",
  "cells",
  "gates",
  "dStates",
  "dCells",
] as const;

/** What may lie in memory as float16, all of it in the dtype of `projected`; the rest is float32. */
const STORED = ["projected", "states", "gates", "dStates"];

/** The inputs in the dtypes in which the kernels read them. */
export function toStored(inputs: Named<Value>): Named<Value> {
  const stored = toFloat(named(inputs, "projected")).dtype;
  const entries = Object.entries(inputs).map(([name, value]) => {
    if (value === undefined || !isFloat(value.dtype)) return [name, value];
    return [name, cast(value, STORED.includes(name) ? stored : "float32")];
  });
  return Object.fromEntries(entries);
}

export function recurrentAttributes(attributes: Attributes): RecurrentAttributes {
  const { cell, activation, resetAfter, reverse } = attributes;
  return { cell, activation, resetAfter, reverse } as RecurrentAttributes;
}

/** B, T, H, and G·H, the width of `projected`. */
export interface RecurrentSizes {
  /** 1, or D where `recurrentKernel` is [D,H,G·H] and all that has rows, [D,B,...]. */
  readonly directions: number;
  /** [D], or [] where there is one direction. */
  readonly outer: Shape;
  readonly batch: number;
  readonly time: number;
  readonly units: number;
  readonly width: number;
}

export function sizesOf(inputs: Named<{ readonly shape: Shape }>): RecurrentSizes {
  const kernel = named(inputs, "recurrentKernel").shape;
  const outer = kernel.slice(0, -2);
  const [units = 0] = kernel.slice(-2);
  const [batch = 0, time = 0, width = 0] = named(inputs, "projected").shape.slice(outer.length);
  return { directions: sizeOf(outer), outer, batch, time, units, width };
}

/** What the kernels need to know of a node. */
export function callOf(node: Node): Omit<RecurrentCall, "limits" | "options"> {
  const { directions, batch, time, units } = sizesOf(namedInputs(node.inputs, node.attributes));
  return {
    ...recurrentAttributes(node.attributes),
    directions,
    batch,
    time,
    units,
    inputs: inputNames(node.attributes),
    stored: named(namedInputs(node.inputs, node.attributes), "projected").dtype,
  };
}

/** Checks of everything that the forward op takes; returns its sizes. */
export function checkForward(inputs: Named<Spec>, attributes: RecurrentAttributes): RecurrentSizes {
  checkAttributes(inputs, attributes);
  checkKernel(inputs, attributes);
  const projected = named(inputs, "projected");
  const sizes = sizesOf(inputs);
  const { outer, batch, time, units, width } = sizes;
  const rank = outer.length + 3;
  if (projected.shape.length !== rank || time < 1) {
    const expected = outer.length > 0 ? "[2,B,T,G·H]" : "[B,T,G·H]";
    throw new ShapeError(
      `recurrent: projected is ${formatSpec(projected)}; expected ${expected} with at least one step.`,
      { details: { projected: projected.shape } },
    );
  }
  const gates = gateCount(attributes);
  if (width !== gates * units || !shapesEqual(projected.shape.slice(0, -3), outer)) {
    const kernel = named(inputs, "recurrentKernel");
    const expected = formatShape([...outer, batch, time, gates * units]);
    throw new ShapeError(
      `recurrent: projected is ${formatSpec(projected)}, but recurrentKernel ${formatSpec(kernel)} ` +
        `asks for ${expected}.`,
      { details: { projected: projected.shape, recurrentKernel: kernel.shape } },
    );
  }
  expectShapes(inputs, {
    recurrentBias: [...outer, width],
    initialState: [...outer, batch, units],
    initialCell: [...outer, batch, units],
    mask: [batch, time],
  });
  return sizes;
}

/** [H,G·H], or [2,H,G·H] where both directions run. */
function checkKernel(inputs: Named<Spec>, attributes: RecurrentAttributes): void {
  const kernel = named(inputs, "recurrentKernel");
  const gates = gateCount(attributes);
  const [units = 0, width = 0] = kernel.shape.slice(-2);
  const isOne = kernel.shape.length === 2;
  const isTwo = kernel.shape.length === 3 && kernel.shape[0] === 2;
  if ((isOne || isTwo) && width === gates * units && units >= 1) return;
  throw new ShapeError(
    `recurrent: recurrentKernel is ${formatSpec(kernel)}; expected [H,${gates}·H] for ${attributes.cell}, or ` +
      `[2,H,${gates}·H] for two directions.`,
    { details: { recurrentKernel: kernel.shape } },
  );
}

/** Throws where a present input has another shape, or another dtype than `toStored` gives it (a mask: bool). */
export function expectShapes(inputs: Named<Spec>, shapes: Readonly<Record<string, Shape>>): void {
  for (const [name, shape] of Object.entries(shapes)) {
    const spec = inputs[name];
    if (spec !== undefined && !shapesEqual(spec.shape, shape)) {
      throw new ShapeError(
        `recurrent: ${name} is ${formatSpec(spec)}; expected ${formatShape(shape)}.`,
        { details: { [name]: spec.shape, expected: shape } },
      );
    }
  }
  for (const [name, spec] of Object.entries(inputs)) {
    const stored = named(inputs, "projected").dtype;
    const dtype =
      name === "mask" ? "bool" : STORED.includes(name) && isFloat(stored) ? stored : "float32";
    if (spec !== undefined && spec.dtype !== dtype) {
      throw new DTypeError(`recurrent: ${name} is ${formatSpec(spec)}; expected ${dtype}.`);
    }
  }
}

function checkAttributes(inputs: Named<Spec>, attributes: RecurrentAttributes): void {
  const { cell, activation, resetAfter } = attributes;
  if (activation !== "tanh" && (cell !== "simpleRNN" || activation !== "relu")) {
    throw new ArgumentError(
      `recurrent: activation "${activation}" of ${cell}; expected "tanh", or "relu" of simpleRNN.`,
    );
  }
  if (inputs.recurrentBias !== undefined && !(cell === "gru" && resetAfter)) {
    throw new ArgumentError(
      `recurrent: recurrentBias belongs to a GRU with resetAfter, received for ${cell}. Add the ` +
        "bias to projected.",
    );
  }
  if (inputs.initialCell !== undefined && cell !== "lstm") {
    throw new ArgumentError(`recurrent: initialCell belongs to lstm, received for ${cell}.`);
  }
}
