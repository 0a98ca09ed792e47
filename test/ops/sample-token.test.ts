import {
  ArgumentError,
  compile,
  DTypeError,
  ShapeError,
  Tensor,
  tensor,
  tensor2d,
  zeros,
} from "sluice";
import { describe, expect, test } from "vitest";
import { HostScalar } from "../../src/graph/host-scalar.ts";
import { ops } from "../../src/ops/index.ts";
import type { SamplingRules } from "../../src/ops/ops.ts";
import { gumbel, uniformBits } from "../../src/ops/random-bits.ts";
import { counters } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { evaluate } from "../reference/interpreter.ts";

const FREE: SamplingRules = { temperature: 1, topK: 0, topP: 1, minP: 0 };

/** The tokens of rows of logits at step `step` under `key`. */
function draw(logits: Tensor, rules: Partial<SamplingRules>, { key = 7, step = 0 } = {}): Tensor {
  const at = tensor(step, [], "int32").value;
  const inputs = { logits: logits.value, step: at, key: HostScalar.of(key, "int32") };
  return Tensor.of(ops.sampleToken(inputs, { ...FREE, ...rules }));
}

const drawn = async (...given: Parameters<typeof draw>): Promise<number[]> => [
  ...(await draw(...given).data()),
];

/** The same row many times: each row of a batch draws numbers of its own. */
const rowsOf = (row: readonly number[], count: number): Tensor =>
  tensor2d(Array.from({ length: count }, () => [...row]));

/** Logits that differ, in a scattered order. */
const scattered = (rows: number, columns: number): Tensor =>
  tensor2d(
    Array.from({ length: rows }, (_, r) =>
      Array.from({ length: columns }, (_, c) => 4 * Math.sin(2.3 * c + 1.7 * r) + c / columns),
    ),
  );

/** The same by sorting, under key 7 at step 0; `first` is the number of the row's first element. */
function bySorting(row: readonly number[], rules: SamplingRules, first: number): number {
  const most = Math.max(...row);
  const weights = row.map((x) => Math.exp((x - most) / rules.temperature));
  const order = row.map((_, i) => i).sort((a, b) => (row[b] ?? 0) - (row[a] ?? 0) || a - b);
  const leading = rules.topK === 0 ? order : order.slice(0, rules.topK);
  const total = leading.reduce((sum, i) => sum + (weights[i] ?? 0), 0);
  const kept: number[] = [];
  let mass = 0;
  for (const i of leading) {
    if (rules.topP < 1 && mass >= rules.topP * total) break;
    mass += weights[i] ?? 0;
    if ((weights[i] ?? 0) >= rules.minP) kept.push(i);
  }
  const key = uniformBits(7, 0) | 0;
  const scores = kept.map((i) => Math.log(weights[i] ?? 0) + gumbel(key, first + i));
  return kept[scores.indexOf(Math.max(...scores))] ?? -1;
}

describe("values", () => {
  const rules: readonly Partial<SamplingRules>[] = [
    {},
    { temperature: 0 },
    { temperature: 0.3 },
    { temperature: 2.5 },
    { topK: 3 },
    { topP: 0.6 },
    { minP: 0.2 },
    { temperature: 1.7, topK: 20, topP: 0.9, minP: 0.01 },
  ];
  // Expected: the reference (every token against every other) in double precision. Widths of one lane a row, and of
  // 8, 16 and 64 lanes.
  const widths = [1, 2, 5, 32, 33, 83];

  test.each(rules)("with %j are those of the reference", async (given) => {
    for (const columns of widths) {
      const token = draw(scattered(11, columns), given);
      const [expected] = evaluate([token.value]);
      expect([...(await token.data())], `${columns} columns`).toEqual([...(expected ?? [])]);
    }
  });

  test.each([700, 2100, 5003])("of %d tokens are those of a sorted row", async (columns) => {
    for (const given of [{}, { temperature: 3, topK: 300, topP: 0.95 }, { topP: 0.5, minP: 0.3 }]) {
      const logits = scattered(3, columns);
      const rows = (await logits.array()) as number[][];
      const expected = rows.map((row, r) => bySorting(row, { ...FREE, ...given }, r * columns));
      expect(await drawn(logits, given)).toEqual(expected);
    }
  });

  test("Gumbel noise is that of the host", async () => {
    const step = zeros([5, 200], "int32").value;
    const noise = Tensor.of(ops.gumbelNoise(step, HostScalar.of(3, "int32")));
    const [expected] = evaluate([noise.value]);
    expectClose(await noise.data(), expected ?? [], tolerances.transcendental);
    // The mean of the distribution is Euler's constant, its variance π²/6.
    const many = Array.from({ length: 20_000 }, (_, i) => gumbel(11, i));
    const mean = many.reduce((sum, x) => sum + x, 0) / many.length;
    const variance = many.reduce((sum, x) => sum + (x - mean) ** 2, 0) / many.length;
    expect(Math.abs(mean - 0.5772156649)).toBeLessThan(0.03);
    expect(Math.abs(variance - Math.PI ** 2 / 6)).toBeLessThan(0.08);
  });
});

describe("the order of tokens", () => {
  test("topK 1, a small topP, a small temperature and temperature 0 take the greatest logit", async () => {
    const logits = scattered(64, 83);
    const greedy = await drawn(logits, { temperature: 0 });
    expect(greedy).toEqual([...(await logits.argMax(1).data())]);
    expect(await drawn(logits, { topK: 1 })).toEqual(greedy);
    expect(await drawn(logits, { topP: 1e-6 })).toEqual(greedy);
    expect(await drawn(logits, { temperature: 1e-6 })).toEqual(greedy);
    expect(await drawn(logits, { minP: 1 })).toEqual(greedy);
  });

  test("of equal logits the first come first", async () => {
    for (const columns of [6, 40, 600]) {
      const ties = Array.from({ length: columns }, (_, c) => (c % 2 === 0 ? 1 : 0));
      expect(new Set(await drawn(rowsOf(ties, 50), { topK: 1 }))).toEqual(new Set([0]));
      expect(new Set(await drawn(rowsOf(ties, 50), { temperature: 0 }))).toEqual(new Set([0]));
      expect(new Set(await drawn(rowsOf(ties, 200), { topK: 3 }))).toEqual(new Set([0, 2, 4]));
    }
    // Four equal tokens of a quarter each: the first two hold half of the probability.
    const quarters = await drawn(rowsOf([0, -0, 0, 0], 200), { topP: 0.5 });
    expect(new Set(quarters)).toEqual(new Set([0, 1]));
  });

  test("rules apply together: top p is a share of what top k leaves", async () => {
    const row = [0.4, 0.3, 0.2, 0.1].map(Math.log);
    // Of the first two, 4/7 and 3/7, the first one holds half. Alone, topP 0.5 takes two and topK 2 as well.
    expect(new Set(await drawn(rowsOf(row, 300), { topK: 2, topP: 0.5 }))).toEqual(new Set([0]));
    expect(new Set(await drawn(rowsOf(row, 300), { topP: 0.5 }))).toEqual(new Set([0, 1]));
    expect(new Set(await drawn(rowsOf(row, 300), { minP: 0.45 }))).toEqual(new Set([0, 1, 2]));
  });

  test("a token of minus infinity is never chosen", async () => {
    const row = [Number.NEGATIVE_INFINITY, 0, Number.NEGATIVE_INFINITY, -1];
    expect(new Set(await drawn(rowsOf(row, 200), {}))).toEqual(new Set([1, 3]));
    expect(new Set(await drawn(rowsOf(row, 200), { topK: 3, topP: 0.99 }))).toEqual(
      new Set([1, 3]),
    );
  });
});

describe("the distribution", () => {
  const probabilities = [0.45, 0.25, 0.15, 0.1, 0.05];
  const draws = 20_000;

  /** Σ (seen - expected)² / expected. */
  async function chiSquare(rules: Partial<SamplingRules>, expected: number[]): Promise<number> {
    const counts = new Array<number>(expected.length).fill(0);
    const row = probabilities.map(Math.log);
    for (const token of await drawn(rowsOf(row, draws), rules, { key: 5 })) {
      counts[token] = (counts[token] ?? 0) + 1;
    }
    return expected.reduce((sum, p, i) => {
      const [seen = 0, due] = [counts[i], p * draws];
      if (due === 0) return seen === 0 ? sum : Number.POSITIVE_INFINITY;
      return sum + (seen - due) ** 2 / due;
    }, 0);
  }

  // Bounds: the chi-square distribution's 99.9 % quantiles, for 4 to 1 degrees of freedom
  // (scipy.stats.chi2.ppf(0.999, [4, 3, 2, 1])): 18.47, 16.27, 13.82, 10.83.
  test("is that of the softmax", async () => {
    expect(await chiSquare({}, probabilities)).toBeLessThan(18.47);
    expect(await chiSquare({}, [0.4, 0.3, 0.15, 0.1, 0.05])).toBeGreaterThan(18.47);
  });

  test("of a temperature", async () => {
    const powers = probabilities.map((p) => p ** (1 / 0.7));
    const total = powers.reduce((a, b) => a + b, 0);
    const expected = powers.map((p) => p / total);
    expect(await chiSquare({ temperature: 0.7 }, expected)).toBeLessThan(18.47);
  });

  test("of what top k and top p leave", async () => {
    const three = [0.45 / 0.85, 0.25 / 0.85, 0.15 / 0.85, 0, 0];
    expect(await chiSquare({ topK: 3 }, three)).toBeLessThan(13.82);
    expect(await chiSquare({ topP: 0.8 }, three)).toBeLessThan(13.82);
    expect(await chiSquare({ minP: 0.3 }, three)).toBeLessThan(13.82);
    expect(await chiSquare({ topK: 3, topP: 0.7 }, [0.45 / 0.7, 0.25 / 0.7, 0, 0, 0])).toBeLessThan(
      10.83,
    );
  });

  test("differs from step to step and from key to key, and repeats", async () => {
    const logits = rowsOf(probabilities.map(Math.log), 100);
    const first = await drawn(logits, {}, { key: 1, step: 4 });
    expect(await drawn(logits, {}, { key: 1, step: 4 })).toEqual(first);
    expect(await drawn(logits, {}, { key: 1, step: 5 })).not.toEqual(first);
    expect(await drawn(logits, {}, { key: 2, step: 4 })).not.toEqual(first);
  });
});

describe("rows that are not fit", () => {
  test.each([5, 40, 600])("of %d tokens give -1, and their neighbours a token", async (columns) => {
    const row = (value: number): number[] =>
      Array.from({ length: columns }, (_, c) => (c === columns - 2 ? value : 0));
    const none = new Array<number>(columns).fill(Number.NEGATIVE_INFINITY);
    const logits = tensor2d([
      row(1),
      row(Number.NaN),
      row(Number.POSITIVE_INFINITY),
      none,
      row(Number.NEGATIVE_INFINITY),
    ]);
    for (const given of [{}, { temperature: 0 }, { topK: 2, topP: 0.9 }]) {
      const tokens = await drawn(logits, given);
      expect(tokens.map((token) => token < 0)).toEqual([false, true, true, true, false]);
    }
  });
});

test("in a compiled function other settings make no pipeline", async () => {
  const step = compile((logits: Tensor, topK: number) => draw(logits, { topK }));
  const logits = scattered(3, 50);
  await step(logits, 2).data();

  const before = counters().pipelinesCreated;
  await step(logits, 3).data();
  expect(counters().pipelinesCreated).toBe(before);
  step.dispose();
});

describe("errors", () => {
  test("name what does not fit", () => {
    expect(() => draw(zeros([3]), {})).toThrow(ShapeError);
    expect(() => draw(zeros([3, 0]), {})).toThrow("at least one token");
    expect(() => draw(zeros([3, 2], "int32"), {})).toThrow("int32[3,2]");
    const inputs = { logits: zeros([1, 2]).value, key: HostScalar.of(1, "int32") };
    expect(() => ops.sampleToken({ ...inputs, step: zeros([]).value }, FREE)).toThrow(DTypeError);
    for (const wrong of [{ temperature: -1 }, { topK: 1.5 }, { topP: 0 }, { minP: 2 }]) {
      expect(() => draw(zeros([1, 2]), wrong)).toThrow(ArgumentError);
    }
  });
});
