import type { TypedArray } from "../../src/graph/dtype.ts";
import type { Value } from "../../src/graph/node.ts";
import { type Shape, sizeOf } from "../../src/graph/shape.ts";
import { gateCount } from "../../src/kernels/recurrent-plan.ts";
import { source } from "../../src/ops/leaves.ts";
import type { RecurrentAttributes, RecurrentInputs } from "../../src/ops/ops.ts";
import { randomFloats, randomSource } from "../helpers/random-values.ts";
import { type HostTensor, specOfHost, tensor } from "../helpers/run-kernel.ts";

/** Every kind of cell that the recurrent op has. */
export const CELLS: readonly (Omit<RecurrentAttributes, "reverse"> & { readonly name: string })[] =
  [
    { name: "simpleRNN tanh", cell: "simpleRNN", activation: "tanh", resetAfter: false },
    { name: "simpleRNN relu", cell: "simpleRNN", activation: "relu", resetAfter: false },
    { name: "lstm", cell: "lstm", activation: "tanh", resetAfter: false },
    { name: "gru reset after", cell: "gru", activation: "tanh", resetAfter: true },
    { name: "gru reset before", cell: "gru", activation: "tanh", resetAfter: false },
  ];

/** What a case has beside its sizes. */
export interface CaseOptions {
  readonly mask?: boolean;
  readonly initial?: boolean;
  /** GRU with resetAfter. */
  readonly bias?: boolean;
  readonly reverse?: boolean;
  /** Both directions at once. */
  readonly both?: boolean;
}

export interface CaseSizes {
  readonly batch: number;
  readonly time: number;
  readonly units: number;
}

/** Inputs of the op on the host, and its attributes. */
export interface RecurrentCase {
  readonly sizes: CaseSizes;
  readonly attributes: RecurrentAttributes;
  readonly inputs: Readonly<Record<string, HostTensor>>;
}

export function makeCase(
  cell: (typeof CELLS)[number],
  sizes: CaseSizes,
  options: CaseOptions = {},
): RecurrentCase {
  const { batch, time, units } = sizes;
  const width = gateCount(cell) * units;
  const outer = options.both ? [2] : [];
  const floats = (shape: Shape, seed: number, scale: number): HostTensor =>
    tensor(shape, randomFloats(sizeOf(shape), seed, scale));
  const inputs: Record<string, HostTensor> = {
    projected: floats([...outer, batch, time, width], 1, 1.5),
    recurrentKernel: floats([...outer, units, width], 2, 1.4 / Math.sqrt(units)),
  };
  if (options.bias && cell.cell === "gru" && cell.resetAfter) {
    inputs.recurrentBias = floats([...outer, width], 3, 0.5);
  }
  const state = [...outer, batch, units];
  if (options.initial) inputs.initialState = floats(state, 4, 0.8);
  if (options.initial && cell.cell === "lstm") inputs.initialCell = floats(state, 5, 0.8);
  if (options.mask) inputs.mask = randomMask(batch, time);
  const { name, ...attributes } = cell;
  return { sizes, inputs, attributes: { ...attributes, reverse: options.reverse ?? false } };
}

/** About a third of the steps masked; the first row wholly. */
function randomMask(batch: number, time: number): HostTensor {
  const next = randomSource(6);
  const data = Uint8Array.from({ length: batch * time }, (_, i) =>
    i < time || next() < 0.33 ? 0 : 1,
  );
  return tensor([batch, time], data);
}

/** The same with NaN in `projected` wherever the mask is false. */
export function poisonMasked({ inputs, ...rest }: RecurrentCase): RecurrentCase {
  const { mask, projected } = inputs;
  if (!mask || !projected) return { inputs, ...rest };
  const width = projected.shape.at(-1) ?? 1;
  const data = Float32Array.from(projected.data, (value, i) =>
    mask.data[Math.floor(i / width) % mask.data.length] ? value : Number.NaN,
  );
  return { ...rest, inputs: { ...inputs, projected: tensor(projected.shape, data) } };
}

/**
 * Sizes at which a batch of 8 rows needs several dispatches and one row needs one: 8 rows of all steps cost a
 * little more than the 250 million operations of one dispatch.
 */
export function longSizes(cell: (typeof CELLS)[number], batch: number): CaseSizes {
  const units = 64;
  const operationsPerStep = 2 * 8 * gateCount(cell) * units ** 2;
  return { batch, units, time: Math.ceil(260e6 / operationsPerStep) };
}

/** Inputs that have a row for each element of the batch. */
const PER_ROW: ReadonlySet<string> = new Set([
  "projected",
  "initialState",
  "initialCell",
  "mask",
  "states",
  "cells",
  "gates",
  "dStates",
  "dCells",
]);

/** The first row of a case. */
export function firstRow(of: RecurrentCase): RecurrentCase {
  return { ...of, inputs: firstRowOf(of.inputs), sizes: { ...of.sizes, batch: 1 } };
}

export function firstRowOf(
  hosts: Readonly<Record<string, HostTensor>>,
): Readonly<Record<string, HostTensor>> {
  const entries = Object.entries(hosts).map(([name, host]) => {
    if (!PER_ROW.has(name)) return [name, host] as const;
    const shape = [1, ...host.shape.slice(1)];
    return [name, tensor(shape, host.data.slice(0, sizeOf(shape)))] as const;
  });
  return Object.fromEntries(entries);
}

/** Host data as a leaf of a graph. */
export function leafOf(host: HostTensor): Value {
  return source(specOfHost(host), { kind: "host", data: host.data as TypedArray });
}

/** The inputs of a case as leaves. */
export function leavesOf(hosts: Readonly<Record<string, HostTensor>>): RecurrentInputs {
  const entries = Object.entries(hosts).map(([name, host]) => [name, leafOf(host)] as const);
  return Object.fromEntries(entries) as unknown as RecurrentInputs;
}

/** How a case is named in a list of tests. */
export function describeCase({ sizes, attributes, inputs }: RecurrentCase): string {
  const { batch, time, units } = sizes;
  const extras = ["recurrentBias", "initialState", "mask"].filter((name) => name in inputs);
  if (attributes.reverse) extras.push("reverse");
  if (inputs.recurrentKernel?.shape.length === 3) extras.push("both directions");
  return [`B${batch} T${time} H${units}`, ...extras].join(" ");
}
