import { describe, expect, test } from "vitest";
import { backward } from "../../src/autograd/backward.ts";
import { batchCosts } from "../../src/losses/batch-costs.ts";
import { type LossSpec, resolveLoss } from "../../src/losses/resolve.ts";
import { ops, registry } from "../../src/ops/index.ts";
import { Tensor, tensor } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";

/** Costs of the rows, and the gradient of their sum. */
async function judged(
  spec: LossSpec,
  labels: Tensor,
  predictions: Tensor,
): Promise<{ costs: number[]; slopes: number[] }> {
  const both = { labels: labels.value, predictions: predictions.value };
  const { costs } = batchCosts(resolveLoss(spec), { ...both, mask: null });
  const rules = { ops, registry };
  const [slope] = backward([costs], [ops.literal(1, costs.shape)], {
    xs: [predictions.value],
    rules,
  });
  if (!slope) throw new Error("no gradient");
  const results = [Tensor.of(costs), Tensor.of(slope)] as const;
  Tensor.group([...results]);
  return { costs: [...(await results[0].data())], slopes: [...(await results[1].data())] };
}

const areFinite = (xs: readonly number[]): boolean => xs.every((x) => Number.isFinite(x));

describe("extremes stay finite, with their gradients", () => {
  const certain = tensor([0, 1, 1, 0, 1, 0, 0, 1], [4, 2]);
  const hits = tensor([0, 1, 1, 0, 0, 1, 1, 0], [4, 2]);
  const scores = tensor([-1e4, 1e4, 1e4, -1e4, 1e4, -1e4, -1e4, 1e4], [4, 2]);

  test.each([
    "binaryCrossentropy",
    "binaryFocalCrossentropy",
    "categoricalCrossentropy",
    "categoricalFocalCrossentropy",
    "klDivergence",
    "poisson",
    "meanSquaredLogarithmicError",
    "meanAbsolutePercentageError",
    "cosineSimilarity",
  ] as const)("%s of probabilities 0 and 1", async (kind) => {
    const { costs, slopes } = await judged(kind, hits, certain);
    expect(areFinite(costs)).toBe(true);
    expect(areFinite(slopes)).toBe(true);
  });

  test.each([
    ["binaryCrossentropy", [0, 0, 1e4, 1e4]],
    [{ kind: "binaryFocalCrossentropy", gamma: 0.5 }, [0, 0, 1e4, 1e4]],
    ["categoricalCrossentropy", [0, 0, 2e4, 2e4]],
    ["categoricalFocalCrossentropy", [0, 0, 5e3, 5e3]],
  ] as const)("%o of logits of 10,000", async (given, expected) => {
    // The loss of a logit x that is wrong is |x|; of two, their distance; focal: alpha 1/4 times.
    const settings = typeof given === "string" ? { kind: given } : given;
    const spec = { ...settings, fromLogits: true } as LossSpec;
    const { costs, slopes } = await judged(spec, hits, scores);
    expectClose(costs, expected, tolerances.transcendental);
    expect(areFinite(slopes)).toBe(true);
  });

  test.each([
    "hinge",
    "squaredHinge",
    "categoricalHinge",
    "logCosh",
    "huber",
    "meanSquaredError",
  ] as const)("%s of scores of 10,000", async (kind) => {
    const { costs, slopes } = await judged(kind, hits, scores);
    expect(areFinite(costs)).toBe(true);
    expect(areFinite(slopes)).toBe(true);
  });

  test("ctc of logits of 10,000", async () => {
    // Row 0 says 1 2 with certainty; row 1 has to pass two steps that cost 20,000 each, on one of three paths.
    const x = [
      [1e4, -1e4, -1e4],
      [-1e4, 1e4, -1e4],
      [-1e4, -1e4, 1e4],
    ].flat();
    const both = { labels: tensor([1, 2, 2, 1], [2, 2]), logits: tensor([...x, ...x], [2, 3, 3]) };
    const { costs, slopes } = await judged("ctc", both.labels, both.logits);
    expectClose(costs, [0, 4e4 - Math.log(3)], tolerances.loss);
    expect(areFinite(slopes)).toBe(true);
  });
});
