import { expect } from "vitest";
import { sizeOf } from "../../src/graph/shape.ts";
import { layers } from "../../src/layers/index.ts";
import type { AnyLayer } from "../../src/layers/layer.ts";
import { setMask } from "../../src/layers/masks.ts";
import {
  add,
  explain,
  mul,
  sum,
  Tensor,
  tensor,
  type Variable,
  variable,
  variableGrads,
  where,
} from "../../src/tensor/index.ts";
import { expectGolden, type RecurrentStackGolden, wave } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { makeRecurrent, type RecurrentName } from "../layers/recurrent-makers.ts";
import type { ForcedPlan } from "./plans.ts";

type Results = Readonly<Record<string, Tensor>>;

/** What padding is filled with where a masking layer is to find it. */
const PADDING = 0.75;

/** A golden stack, built: its inputs by name, and its results from them. */
interface Stack {
  readonly inputs: Readonly<Record<string, Variable>>;
  run(): Results;
  dispose(): void;
}

/**
 * Compares results and all gradients of a stack with the golden numbers, each within 5e-5 of the largest
 * value of its tensor, and sees to it that the plan was the forced one in both directions.
 */
export async function expectGoldenStack(
  golden: RecurrentStackGolden,
  plan: ForcedPlan,
): Promise<void> {
  const stack = makeStack(golden);
  const names = Object.keys(golden.expected).toSorted();
  const count = Object.keys(stack.inputs).length;
  const results = stack.run();
  expect(Object.keys(results).toSorted()).toEqual(names);
  Tensor.group(Object.values(results));
  await expectAll(results, golden.expected, "");

  const { grads } = variableGrads(() => {
    const again = stack.run();
    return names
      .map((name, i) => {
        const { shape } = again[name] as Tensor;
        return sum(mul(again[name] as Tensor, waveOf(golden, name, { shape, place: count + i })));
      })
      .reduce((total, one) => add(total, one));
  }, Object.values(stack.inputs));
  const gradients = Object.entries(stack.inputs).map(
    ([name, { name: variableName }]) => [name, grads[variableName] as Tensor] as const,
  );
  await expectPlan(plan, Object.values(grads));
  await expectAll(Object.fromEntries(gradients), golden.gradients, "gradient of ");
  stack.dispose();
}

/** The kernels that give these gradients carry the plan in their names, forward and backward. */
async function expectPlan(plan: ForcedPlan, gradients: readonly Tensor[]): Promise<void> {
  const { dispatches } = await explain(gradients);
  const names = new Set(dispatches.map(({ kernel }) => kernel));
  const kernels = [...names].filter((name) => /rnn|lstm|gru/.test(name));
  expect(kernels.filter((name) => !name.includes(`_${plan}`))).toEqual([]);
  expect(new Set(kernels.map((name) => name.includes("_backward_")))).toEqual(
    new Set([false, true]),
  );
}

async function expectAll(
  actual: Results,
  expected: RecurrentStackGolden["expected"],
  what: string,
): Promise<void> {
  for (const [name, wanted] of Object.entries(expected)) {
    const label = `${what}${name}`;
    const tensor = actual[name];
    expect(tensor?.shape, label).toEqual(wanted.shape);
    const data = (await tensor?.data()) ?? [];
    expectGolden(data, wanted, { ...tolerances.recurrentGradient, label });
  }
}

/** The layers of a golden with its weights. The lowest ones may make the mask. */
function makeStack(golden: RecurrentStackGolden): Stack {
  const { batch, time, features, layers: count } = golden;
  const parts = Object.entries(golden.gradients).map(([name, { shape }], place) => ({
    name,
    shape,
    value: waveOf(golden, name, { shape, place }),
  }));
  const inputs: Record<string, Variable> = {};
  for (const { name, shape, value } of parts) {
    if (/\.[hc]0$/.test(name)) inputs[name] = variable(value, true, name);
    if (name === "x") inputs.x = variable(padded(golden, value, shape), true, "x");
  }
  const own = Array.from({ length: count }, (_, level) => makeLayer(golden, level));
  let width = features;
  own.forEach((layer, level) => {
    layer.ensureBuilt([batch, time, width]);
    const weights = parts.filter(
      ({ name }) => name.startsWith(`${level}.`) && !/\.[hc]0$/.test(name),
    );
    layer.setWeights(weights.map(({ value }) => value));
    weights.forEach(({ name }, i) => {
      inputs[name] = layer.weights[i] as Variable;
    });
    width = golden.units * (golden.direction === "concat" || golden.direction === "null" ? 2 : 1);
  });
  const beginning = makeFirst(golden, parts[0]?.value as Tensor);
  const [first] = beginning?.weights ?? [];
  if (golden.mask === "embedding" && first) inputs.embeddings = first;
  const ordered = parts.map(({ name }) => [name, inputs[name] as Variable] as const);
  return {
    inputs: Object.fromEntries(ordered),
    run: () => runStack(golden, { own, beginning, inputs }),
    dispose: () => {
      for (const layer of [...own, ...(beginning ? [beginning] : [])]) layer.dispose();
      for (const one of Object.values(inputs)) one.dispose();
    },
  };
}

/** The wave of an input or of the weights of a result; `place` counts inputs, then results by name. */
function waveOf(
  golden: RecurrentStackGolden,
  name: string,
  { shape, place }: { shape: readonly number[]; place: number },
): Tensor {
  const rows = shape[0] ?? 1;
  const isKernel = name.toLowerCase().endsWith("kernel");
  const scale = isKernel ? 1.3 / Math.sqrt(rows) : name.endsWith("bias") ? 0.4 : 0.8;
  return tensor(wave(shape, golden.phase + 0.47 * place, scale), shape);
}

/** The sequence with padding where a masking layer is to find it. */
function padded(golden: RecurrentStackGolden, x: Tensor, shape: readonly number[]): Tensor {
  if (golden.mask !== "masking" || golden.maskRows === null) return x;
  const keeps = tensor(golden.maskRows.flat(), [golden.batch, golden.time, 1], "bool");
  return where(keeps, x, tensor(new Float32Array(sizeOf(shape)).fill(PADDING), shape));
}

/** What stands below the recurrent layers: an embedding, a masking layer, or nothing. */
function makeFirst(golden: RecurrentStackGolden, value: Tensor): AnyLayer | null {
  if (golden.mask === "masking") return layers.masking({ maskValue: PADDING });
  if (golden.mask !== "embedding") return null;
  const [inputDim = 1, outputDim = 1] = value.shape;
  const embedding = layers.embedding({ inputDim, outputDim, maskZero: true });
  embedding.ensureBuilt([golden.batch, golden.time]);
  embedding.setWeights([value]);
  return embedding;
}

function makeLayer(golden: RecurrentStackGolden, level: number): AnyLayer {
  const [name, variant] = golden.cell.split("-") as [RecurrentName, string | undefined];
  const layer = makeRecurrent(name, {
    units: golden.units,
    activation: variant === "relu" ? "relu" : "tanh",
    resetAfter: variant !== "resetBefore",
    returnSequences: level < golden.layers - 1 || /sequences|both/.test(golden.returns),
    returnState: /state|both/.test(golden.returns),
    goBackwards: golden.direction === "goBackwards",
    zeroOutputForMask: golden.maskedOutput === "zero",
  });
  if (golden.direction === "forward" || golden.direction === "goBackwards") return layer;
  const mergeMode = golden.direction === "null" ? null : golden.direction;
  return layers.bidirectional({ layer, mergeMode });
}

/** From the input up: masks travel from layer to layer, two outputs become one for the next layer. */
function runStack(
  golden: RecurrentStackGolden,
  parts: {
    readonly own: readonly AnyLayer[];
    readonly beginning: AnyLayer | null;
    readonly inputs: Readonly<Record<string, Variable>>;
  },
): Results {
  const { batch, time, maskRows, ids = [] } = golden;
  const source = parts.inputs.x ?? tensor(ids.flat(), [batch, time], "int32");
  let x = parts.beginning ? (parts.beginning.apply(source) as Tensor) : source;
  if (maskRows && parts.beginning === null) {
    x = Tensor.of(x.value); // the variable itself stays without a mask
    setMask(x, tensor(maskRows.flat(), [batch, time], "bool"));
  }
  const outputCount = golden.direction === "null" ? 2 : 1;
  const states: [string, Tensor][] = [];
  let outputs: Tensor[] = [];
  parts.own.forEach((layer, level) => {
    const given = Object.entries(parts.inputs).filter(([name]) => isStateOf(name, level));
    const initialState = given.map(([, state]) => state);
    const kwargs = initialState.length > 0 ? { initialState } : {};
    const results = [layer.apply(x, kwargs)].flat() as Tensor[];
    outputs = results.slice(0, outputCount);
    results.slice(outputCount).forEach((state, i) => {
      states.push([stateName(golden, level, i), state]);
    });
    const [first, second] = outputs as [Tensor, Tensor?];
    x = second ? layers.concatenate().apply([first, second]) : first;
  });
  const named = outputs.length === 1 ? ["y"] : ["y0", "y1"];
  return Object.fromEntries([...outputs.map((one, i) => [named[i] ?? "", one]), ...states]);
}

const isStateOf = (name: string, level: number): boolean =>
  name.startsWith(`${level}.`) && /\.[hc]0$/.test(name);

/** Of the state at a place of a layer's results: forward h (and c), then backward. */
function stateName(golden: RecurrentStackGolden, level: number, place: number): string {
  const names = golden.cell === "lstm" ? ["h", "c"] : ["h"];
  const direction = place < names.length ? "forward" : "backward";
  return `${level}.${direction}.${names[place % names.length]}`;
}
