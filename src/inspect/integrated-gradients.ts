import { backward } from "../autograd/backward.ts";
import { ArgumentError, DTypeError, ShapeError } from "../errors.ts";
import { formatShape, shapesEqual } from "../graph/shape.ts";
import { checkKeys } from "../names/check-keys.ts";
import { wholeNumber } from "../names/whole-number.ts";
import { ops } from "../ops/index.ts";
import { rules } from "../tensor/current.ts";
import {
  add,
  compile,
  mul,
  reshape,
  sub,
  sum,
  Tensor,
  type TensorLike,
  tensor,
  toTensor,
  zerosLike,
} from "../tensor/index.ts";
import { openScope } from "../tensor/scope-state.ts";
import type { Model } from "../train/index.ts";
import { gaussLegendre } from "./gauss-legendre.ts";
import { type AttributionTarget, targetOf } from "./target.ts";
import { inputsFor, readAll } from "./watch.ts";

/** What `integratedGradients` takes besides model and data. */
export interface IntegratedGradientsConfig {
  /** Where the path begins: what an input without information looks like. Of the shape of x, of one sample, or a number. Default zeros. */
  readonly baseline?: TensorLike;
  /** Points on the path. Default 64. */
  readonly steps?: number;
  /** What of the output is explained. Default: the one number that the model gives for a sample. */
  readonly target?: AttributionTarget;
  /** Most samples that go through the model at once: points of the path times samples. Default 256. */
  readonly batchSize?: number;
}

/** How much each input has contributed to the output. */
export interface Attributions {
  /** That of x. */
  readonly shape: readonly number[];
  /** One for each element of x, row-major. */
  readonly attributions: Float32Array;
  /** The explained number of each sample, [B]. */
  readonly output: Float32Array;
  /** The same for the baseline. */
  readonly baselineOutput: Float32Array;
  /**
   * How far the attributions of a sample are from adding up to output - baselineOutput, for the worst sample; as a
   * share of the largest such difference. Where it is above 0.01, take more steps.
   */
  readonly gap: number;
}

/**
 * Attributes what a model says to its inputs, time step by time step: integrated gradients. The attribution of an
 * element is
 *
 *     (x - x′) · ∫₀¹ ∂f/∂x (x′ + α(x - x′)) dα
 *
 * with the baseline x′. Over all elements of a sample they add up to f(x) - f(x′) (completeness); how nearly is part of
 * the result.
 *
 * The integral is taken by Gauss-Legendre quadrature with `steps` points, which go through the model in batches, by one
 * compiled plan, with one wait at the end. The model runs as in `predict`, without dropout; states of stateful layers
 * are where the path's points begin, and stay as they are.
 *
 * @example
 * const { attributions, shape, gap } = await sl.inspect.integratedGradients(net, x);
 * const [, T, I] = shape;
 * const ofStep = (t: number) => attributions.slice(t * I, (t + 1) * I); // of the first sample
 *
 * @param model With one input of floats.
 * @param x Samples, as `predict` takes them.
 * @throws {ArgumentError} for what is no model or has several inputs or outputs, for a target that is none, and for
 *   an output that does not depend on x by differentiable operations.
 * @throws {ShapeError} when x or the baseline do not fit. @throws {DTypeError} for inputs that are whole numbers.
 * @see Sundararajan, Taly and Yan 2017, arXiv:1703.01365
 */
export async function integratedGradients(
  model: Model,
  x: TensorLike,
  config: IntegratedGradientsConfig = {},
): Promise<Attributions> {
  const label = "inspect.integratedGradients";
  checkKeys(label, config, {
    baseline: "any",
    steps: "number",
    target: "any",
    batchSize: "number",
  });
  const steps = wholeNumber(config.steps ?? 64, `${label}: steps`);
  const limit = wholeNumber(config.batchSize ?? 256, `${label}: batchSize`);
  const to = onlyInput(label, inputsFor(label, model, x));
  const [batch = 1] = to.shape;
  const isFixed = model.ports.some(({ shape }) => (shape?.[0] ?? null) !== null);
  const points = isFixed ? 1 : Math.max(1, Math.min(steps, Math.floor(limit / batch)));

  const outputOf = (inputs: Tensor): Tensor => {
    const output = onlyOutput(label, model.apply(inputs, { training: false }));
    openScope()?.writes.clear();
    return targetOf(label, output, config.target);
  };
  const ends = compile((a: Tensor, b: Tensor) => [outputOf(a), outputOf(b)] as const);
  const walk = compile((ends: PathEnds, rule: RulePart, sofar: Tensor) =>
    add(sofar, weightedGradient(label, outputOf, { ...ends, ...rule })),
  );
  const made: Tensor[] = [];
  const own = <T extends Tensor>(one: T): T => {
    made.push(one);
    return one;
  };
  try {
    const from = own(baselineFor(label, config.baseline, to));
    let mean = own(zerosLike(to));
    for (const part of partsOf(steps, points)) {
      const rule = { nodes: own(tensor(part.nodes)), weights: own(tensor(part.weights)) };
      mean = own(walk({ from, to }, rule, mean));
    }
    const [output, baselineOutput] = ends(to, from);
    own(output);
    own(baselineOutput);
    const attributed = own(mul(sub(to, from), mean));
    const [attributions = NONE, at = NONE, before = NONE] = await readAll(
      [attributed, output, baselineOutput],
      label,
    );
    const outputs = { output: at, baselineOutput: before };
    return { shape: to.shape, attributions, ...outputs, gap: gapOf(attributions, outputs) };
  } finally {
    for (const one of made) one.dispose();
    ends.dispose();
    walk.dispose();
  }
}

const NONE = new Float32Array();

type PathEnds = { readonly from: Tensor; readonly to: Tensor };

/** Some of the points of the path, [P], and what they count. */
type RulePart = { readonly nodes: Tensor; readonly weights: Tensor };

/** Σ over points of weight · ∂f/∂x there, of the shape of x. */
function weightedGradient(
  label: string,
  outputOf: (inputs: Tensor) => Tensor,
  { from, to, nodes, weights }: PathEnds & RulePart,
): Tensor {
  const [count = 1] = nodes.shape;
  const { shape } = to;
  const perPoint = [count, ...shape.map(() => 1)];
  const path = add(from, mul(reshape(nodes, perPoint), sub(to, from))); // [P, B, ...]
  const [batch = 1, ...rest] = shape;
  const inputs = reshape(path, [count * batch, ...rest]);
  const { value } = outputOf(inputs);
  const [gradient] = backward([value], [ops.literal(1, value.shape)], {
    xs: [inputs.value],
    rules,
  });
  if (!gradient) {
    throw new ArgumentError(
      `${label}: the output does not depend on x by differentiable operations. Expected a target that does.`,
    );
  }
  const gradients = reshape(Tensor.of(gradient), [count, ...shape]);
  return sum(mul(gradients, reshape(weights, perPoint)), 0);
}

/** The rule in parts of `points`, all of one size: what is left over counts nothing. */
function partsOf(steps: number, points: number): { nodes: number[]; weights: number[] }[] {
  const { nodes, weights } = gaussLegendre(steps);
  const filled = (list: readonly number[], start: number): number[] =>
    Array.from({ length: points }, (_, i) => list[start + i] ?? 0);
  return Array.from({ length: Math.ceil(steps / points) }, (_, part) => ({
    nodes: filled(nodes, part * points),
    weights: filled(weights, part * points),
  }));
}

function gapOf(
  attributions: Float32Array,
  { output, baselineOutput }: Pick<Attributions, "output" | "baselineOutput">,
): number {
  const width = attributions.length / output.length;
  let [worst, largest] = [0, 0];
  output.forEach((value, b) => {
    const difference = value - (baselineOutput[b] ?? 0);
    const total = attributions.subarray(b * width, (b + 1) * width).reduce((a, one) => a + one, 0);
    worst = Math.max(worst, Math.abs(total - difference));
    largest = Math.max(largest, Math.abs(difference));
  });
  return worst === 0 ? 0 : worst / largest;
}

function onlyInput(label: string, inputs: readonly Tensor[]): Tensor {
  const [x] = inputs;
  if (x === undefined || inputs.length > 1) {
    throw new ArgumentError(
      `${label}: received a model of ${inputs.length} inputs. Expected one input: make a model that takes it alone.`,
    );
  }
  if (x.dtype === "float32") return x;
  throw new DTypeError(
    `${label}: received x of ${x.dtype}, which nothing can be differentiated by. Expected float32; of a model that ` +
      "begins with an embedding, explain the model behind it, with the embedded symbols as x.",
  );
}

function onlyOutput(label: string, output: Tensor | Tensor[]): Tensor {
  if (output instanceof Tensor) return output;
  const [only] = output;
  if (only !== undefined && output.length === 1) return only;
  throw new ArgumentError(
    `${label}: received a model of ${output.length} outputs. Expected one output: sl.model({ inputs, outputs }) makes a ` +
      "model of one of them, with the same layers.",
  );
}

/** The baseline in the shape of x, as a tensor of our own. */
function baselineFor(label: string, given: TensorLike | undefined, x: Tensor): Tensor {
  if (given === undefined) return zerosLike(x);
  const baseline = toTensor(given, `${label}: baseline`, "float32");
  const { shape } = x;
  const shapes = [shape, shape.slice(1), []];
  const fits = shapes.some((one) => shapesEqual(baseline.shape, one));
  if (fits) return add(zerosLike(x), baseline);
  throw new ShapeError(
    `${label}: received a baseline of shape ${formatShape(baseline.shape)}. Expected ${formatShape(shape)} as x, or ` +
      `${formatShape(shape.slice(1))} for all samples alike.`,
    { details: { baseline: baseline.shape, x: shape } },
  );
}
