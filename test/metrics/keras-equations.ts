import { noise } from "../train/support.ts";

// Expected figures: loops over single elements, from the equations of keras.metrics (Keras 3), in float64.

export const ROWS = 37;
export const CLASSES = 4;

/** A row of labels and predictions with its weight. */
export interface Row {
  readonly y: readonly number[];
  readonly p: readonly number[];
  readonly w: number;
}

export const bits = (x: number): number => (x > 0.1 ? 1 : 0);
export const share = (x: number): number => Math.fround(0.5 + x / 2);

export const random = noise(ROWS * (2 * CLASSES + 1), 5);
export const at = (row: number, column: number): number =>
  random[row * (2 * CLASSES + 1) + column] ?? 0;

/** Several-hot rows; probabilities that lean to the labels; weights from 0 to 2. */
export const several: readonly Row[] = Array.from({ length: ROWS }, (_, i) => {
  const y = Array.from({ length: CLASSES }, (_, c) => bits(at(i, c)));
  const p = y.map((one, c) => share(0.6 * at(i, CLASSES + c) + 0.3 * (2 * one - 1)));
  return { y, p, w: i % 5 === 0 ? 0 : 2 * share(at(i, 2 * CLASSES)) };
});

/** The same with one class a row. */
export const single: readonly Row[] = several.map(({ p, w }, i) => {
  const label = (i * i + 1) % CLASSES;
  return { y: p.map((_, c) => (c === label ? 1 : 0)), p, w };
});

export const epsilon = 1e-7;
export const sum = (xs: readonly number[]): number => xs.reduce((total, x) => total + x, 0);
export const quotient = (a: number, b: number): number => (b === 0 ? 0 : a / b);
export const elements = (rows: readonly Row[]): { y: number; p: number; w: number }[] =>
  rows.flatMap(({ y, p, w }) => y.map((one, c) => ({ y: one, p: p[c] ?? 0, w })));

export function precision(rows: readonly Row[], threshold = 0.5): number {
  const said = elements(rows).filter(({ p }) => p > threshold);
  return quotient(
    sum(said.filter(({ y }) => y !== 0).map(({ w }) => w)),
    sum(said.map(({ w }) => w)),
  );
}

export function recall(rows: readonly Row[], threshold = 0.5): number {
  const yes = elements(rows).filter(({ y }) => y !== 0);
  const hits = yes.filter(({ p }) => p > threshold);
  return quotient(sum(hits.map(({ w }) => w)), sum(yes.map(({ w }) => w)));
}

/** Only the k largest of each row are let through. */
export const topOnly = (rows: readonly Row[], k: number): Row[] =>
  rows.map(({ y, p, w }) => {
    const order = p.map((_, c) => c).sort((a, b) => (p[b] ?? 0) - (p[a] ?? 0));
    return { y, w, p: p.map((x, c) => (order.indexOf(c) < k ? x : -1e10)) };
  });

export const columnOnly = (rows: readonly Row[], c: number): Row[] =>
  rows.map(({ y, p, w }) => ({ y: [y[c] ?? 0], p: [p[c] ?? 0], w }));

export function f1Score(rows: readonly Row[], average: string, threshold: number | null): number {
  const said = ({ p }: Row, c: number): number => {
    if (threshold !== null) return (p[c] ?? 0) > threshold ? 1 : 0;
    return (p[c] ?? 0) >= Math.max(...p) ? 1 : 0;
  };
  const counts = Array.from({ length: CLASSES }, (_, c) => ({
    hits: sum(rows.map((row) => row.w * said(row, c) * (row.y[c] ?? 0))),
    alarms: sum(rows.map((row) => row.w * said(row, c) * (1 - (row.y[c] ?? 0)))),
    misses: sum(rows.map((row) => row.w * (1 - said(row, c)) * (row.y[c] ?? 0))),
    actual: sum(rows.map((row) => row.w * (row.y[c] ?? 0))),
  }));
  const score = ({ hits, alarms, misses }: { hits: number; alarms: number; misses: number }) => {
    const [p, r] = [hits / (hits + alarms + epsilon), hits / (hits + misses + epsilon)];
    return (2 * p * r) / (p + r + epsilon);
  };
  if (average === "micro") {
    const total = (key: "hits" | "alarms" | "misses") => sum(counts.map((one) => one[key]));
    return score({ hits: total("hits"), alarms: total("alarms"), misses: total("misses") });
  }
  const scores = counts.map(score);
  if (average === "macro") return sum(scores) / CLASSES;
  const actual = sum(counts.map((one) => one.actual)) + epsilon;
  return sum(scores.map((one, c) => (one * (counts[c]?.actual ?? 0)) / actual));
}

export function auc(
  rows: readonly Row[],
  curve: string,
  count: number,
  how = "interpolation",
): number {
  const bounds = Array.from({ length: count }, (_, i) =>
    Math.fround(i === 0 ? -epsilon : i === count - 1 ? 1 + epsilon : i / (count - 1)),
  );
  const all = elements(rows);
  const above = (weight: (one: { y: number; w: number }) => number): number[] =>
    bounds.map((bound) => sum(all.filter(({ p }) => p > bound).map(weight)));
  const hits = above(({ y, w }) => y * w);
  const alarms = above(({ y, w }) => (1 - y) * w);
  const positives = sum(all.map(({ y, w }) => y * w));
  const negatives = sum(all.map(({ y, w }) => (1 - y) * w));
  const of = (xs: readonly number[], i: number): number => xs[i] ?? 0;
  let area = 0;
  for (let i = 0; i + 1 < count; i++) {
    if (curve === "PR" && how === "interpolation") {
      const p = [of(hits, i) + of(alarms, i), of(hits, i + 1) + of(alarms, i + 1)] as const;
      const newHits = of(hits, i) - of(hits, i + 1);
      const slope = quotient(newHits, Math.max(p[0] - p[1], 0));
      const intercept = of(hits, i + 1) - slope * p[1];
      const ratio = p[0] > 0 && p[1] > 0 ? p[0] / p[1] : 1;
      area += quotient(slope * (newHits + intercept * Math.log(ratio)), positives);
      continue;
    }
    const point = (k: number): readonly [number, number] => {
      const rate = quotient(of(hits, k), positives);
      if (curve === "ROC") return [quotient(of(alarms, k), negatives), rate];
      return [rate, quotient(of(hits, k), of(hits, k) + of(alarms, k))];
    };
    const [[x0, y0], [x1, y1]] = [point(i), point(i + 1)];
    const height = {
      interpolation: (y0 + y1) / 2,
      minoring: Math.min(y0, y1),
      majoring: Math.max(y0, y1),
    };
    area += (x0 - x1) * height[how as "minoring"];
  }
  return area;
}

export function r2Score(rows: readonly Row[], isWeighted = false): number {
  const weight = sum(rows.map(({ w }) => w));
  const columns = Array.from({ length: CLASSES }, (_, c) => {
    const mean = sum(rows.map(({ y, w }) => w * (y[c] ?? 0))) / weight;
    const spread = sum(rows.map(({ y, w }) => w * ((y[c] ?? 0) - mean) ** 2));
    const errors = sum(rows.map(({ y, p, w }) => w * ((y[c] ?? 0) - (p[c] ?? 0)) ** 2));
    return { score: 1 - errors / spread, spread };
  });
  if (!isWeighted) return sum(columns.map(({ score }) => score)) / CLASSES;
  return (
    sum(columns.map(({ score, spread }) => score * spread)) / sum(columns.map((c) => c.spread))
  );
}

export const mean = (rows: readonly Row[], value: (row: Row) => number): number =>
  sum(rows.map((row) => row.w * value(row))) / sum(rows.map(({ w }) => w));
export const cosine = ({ y, p }: Row): number => {
  const norm = (xs: readonly number[]): number =>
    Math.sqrt(Math.max(sum(xs.map((x) => x * x)), 1e-12));
  return sum(y.map((one, c) => one * (p[c] ?? 0))) / (norm(y) * norm(p));
};
export const isAmong = ({ y, p }: Row, k: number): number =>
  p.filter((x) => x > (p[y.indexOf(1)] ?? 0)).length < k ? 1 : 0;
export const crossentropy = ({ y, p }: Row): number => -Math.log((p[y.indexOf(1)] ?? 0) / sum(p));

export function squaredError({ y, p }: Row): number {
  return sum(y.map((one, c) => (one - (p[c] ?? 0)) ** 2)) / CLASSES;
}

export function percentage({ y, p }: Row): number {
  const each = y.map((one, c) => (100 * Math.abs(one - (p[c] ?? 0))) / Math.max(one, epsilon));
  return sum(each) / CLASSES;
}

export function huber({ y, p }: Row): number {
  const each = y.map((one, c) => {
    const error = Math.abs(one - (p[c] ?? 0));
    return error <= 0.1 ? error ** 2 / 2 : 0.1 * error - 0.005;
  });
  return sum(each) / CLASSES;
}
