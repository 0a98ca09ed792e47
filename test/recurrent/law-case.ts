import fc from "fast-check";
import { expect } from "vitest";
import { layers } from "../../src/layers/index.ts";
import type { AnyLayer } from "../../src/layers/layer.ts";
import {
  add,
  mul,
  sum,
  Tensor,
  tensor,
  type Variable,
  variable,
  variableGrads,
} from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { randomFloats, randomSource } from "../helpers/random-values.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { makeWithState } from "../layers/recurrent-makers.ts";
import type { CELLS } from "./recurrent-case.ts";

export type LawCell = (typeof CELLS)[number];
export type Direction = "forward" | "backwards" | "both";

/** Sizes and values of one try of a law. */
export interface LawCase {
  readonly direction: Direction;
  readonly batch: number;
  readonly time: number;
  readonly features: number;
  readonly units: number;
  /** Of all values. */
  readonly seed: number;
}

const size = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });

/** Tries of a law that holds in these directions. */
export function lawCases(directions: readonly Direction[]): fc.Arbitrary<LawCase> {
  return fc.record({
    direction: fc.constantFrom(...directions),
    batch: size(4),
    time: size(7),
    features: size(4),
    units: size(9),
    seed: fc.integer({ min: 0, max: 1_000_000 }),
  });
}

/** A layer with random weights, and variables for its sequence and first states. */
export class Subject {
  readonly layer: AnyLayer;
  readonly x: Variable; // [B, T, I]
  readonly states: readonly Variable[]; // [B, H] each
  readonly of: LawCase;

  constructor(cell: LawCell, of: LawCase) {
    const { batch, time, features, units, direction, seed } = of;
    this.of = of;
    const single = makeWithState(cell.cell, {
      units,
      activation: cell.activation,
      resetAfter: cell.resetAfter,
      returnSequences: true,
      goBackwards: direction === "backwards",
    });
    this.layer = direction === "both" ? layers.bidirectional({ layer: single }) : single;
    this.layer.ensureBuilt([batch, time, features]);
    const values = (shape: readonly number[], place: number, scale: number): Tensor => {
      const count = shape.reduce((product, length) => product * length, 1);
      return tensor(randomFloats(count, seed + 1000 * place, scale), shape);
    };
    const scale = 1.2 / Math.sqrt(units);
    this.layer.setWeights(this.layer.weights.map(({ shape }, i) => values(shape, 3 + i, scale)));
    this.x = variable(values([batch, time, features], 1, 1.5), true, "x");
    const count = (cell.cell === "lstm" ? 2 : 1) * (direction === "both" ? 2 : 1);
    this.states = Array.from({ length: count }, (_, i) =>
      variable(values([batch, units], 20 + i, 0.8), true, `state_${i}`),
    );
  }

  /** Outputs [B, T, D], then the last states. */
  run(x: Tensor, states: readonly Tensor[] = this.states, mask: Tensor | null = null): Tensor[] {
    return [this.layer.apply(x, { initialState: states, mask })].flat() as Tensor[];
  }

  /** A random mask [B, T]: about a third of the steps do not count, any row may be empty. */
  mask(): Tensor {
    const { batch, time, seed } = this.of;
    const next = randomSource(seed + 77);
    const flags = Array.from({ length: batch * time }, () => next() > 0.35);
    return tensor(flags, [batch, time]);
  }

  dispose(): void {
    this.layer.dispose();
    for (const one of [this.x, ...this.states]) one.dispose();
  }
}

/** Results of a run, and the gradients of their weighted sum: of x, first states and weights. */
interface Outcome {
  readonly results: readonly number[];
  readonly gradients: readonly number[];
}

async function outcomeOf(subject: Subject, run: () => readonly Tensor[]): Promise<Outcome> {
  const results = run();
  Tensor.group([...results]);
  const variables = [subject.x, ...subject.states, ...(subject.layer.weights as Variable[])];
  const { grads } = variableGrads(
    () =>
      run()
        .map((one, i) => {
          const weights = randomFloats(one.size, subject.of.seed + 50 + i);
          return sum(mul(one, tensor(weights, one.shape)));
        })
        .reduce((total, one) => add(total, one)),
    variables,
  );
  const gradients = variables.map(({ name }) => grads[name] as Tensor);
  return { results: await valuesOf(results), gradients: await valuesOf(gradients) };
}

async function valuesOf(tensors: readonly Tensor[]): Promise<number[]> {
  const all: number[] = [];
  for (const one of tensors) all.push(...(await one.data()));
  return all;
}

/** A way to compute: the layer with its variables, and what it gives. */
export interface Way {
  readonly subject: Subject;
  readonly run: () => readonly Tensor[];
}

/** Two ways give the same results of the same shapes, with the same gradients; then they are disposed of. */
export async function expectSameWays(one: Way, other: Way): Promise<void> {
  const [expected, actual] = [
    await outcomeOf(one.subject, one.run),
    await outcomeOf(other.subject, other.run),
  ];
  expectClose(actual.results, expected.results, { ...tolerances.recurrent, label: "results" });
  const tolerance = { ...tolerances.recurrentGradient, label: "gradients" };
  expectClose(actual.gradients, expected.gradients, tolerance);
  const numbers = [...expected.results, ...expected.gradients];
  expect(numbers.filter((value) => !Number.isFinite(value))).toEqual([]);
  for (const { subject } of new Set([one, other])) subject.dispose();
}
