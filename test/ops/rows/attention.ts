import * as sl from "sluice";
import { floats, given, type Input, notATensor, type Row, type Sample } from "../row.ts";

type Sizes = Readonly<Record<"b" | "n" | "m" | "t" | "s" | "d" | "e", number>>;

/** A sample of B, N, M, T, S, D, E with settings; mask and bias by their shapes. */
interface Case {
  readonly sizes: readonly [number, number, number, number, number, number, number];
  readonly options?: sl.AttentionOptions;
  readonly mask?: readonly number[];
  readonly bias?: readonly number[];
}

const cosine = (i: number): number => Math.cos(1.1 * i + 0.2);
const sine = (i: number): number => Math.sin(2.7 * i + 0.1);

/** Mask words: every query sees some key, but for the fourth of each seven places. */
const seen = (i: number): number => (i % 7 === 3 || (i * 5) % 11 < 4 ? 0 : 1);

export const attentionCases: readonly Case[] = [
  { sizes: [1, 1, 1, 1, 1, 1, 1] },
  { sizes: [1, 1, 1, 2, 3, 2, 2] },
  { sizes: [2, 2, 2, 3, 5, 3, 5] },
  { sizes: [1, 2, 1, 4, 4, 4, 4], options: { causal: true } },
  { sizes: [1, 2, 2, 5, 3, 4, 8], options: { causal: true } },
  { sizes: [1, 1, 1, 2, 7, 4, 4], options: { causal: true } },
  { sizes: [1, 1, 1, 6, 6, 2, 2], options: { window: 2 } },
  { sizes: [1, 1, 1, 9, 9, 4, 4], options: { window: 3, causal: true } },
  { sizes: [1, 1, 1, 9, 3, 4, 4], options: { window: 2 } },
  { sizes: [2, 1, 1, 3, 5, 2, 2], mask: [2, 1, 1, 5] },
  { sizes: [2, 2, 1, 3, 5, 2, 2], mask: [2, 1, 3, 5], options: { causal: true } },
  { sizes: [1, 2, 2, 3, 2, 2, 2], mask: [3, 1] },
  { sizes: [1, 2, 2, 3, 4, 2, 2], bias: [2, 3, 4] },
  { sizes: [2, 2, 2, 2, 4, 2, 2], bias: [1, 1, 4], mask: [2, 1, 1, 4] },
  { sizes: [2, 2, 1, 3, 3, 2, 2], options: { scale: 0.3, keyLengths: [2, 0] } },
  { sizes: [1, 1, 1, 3, 3, 2, 2], options: { dropout: 0.4, seed: 5 } },
  { sizes: [1, 2, 2, 1, 70, 4, 4], mask: [1, 1, 1, 70] },
  { sizes: [2, 4, 2, 1, 131, 8, 4] },
  { sizes: [1, 1, 1, 5, 67, 4, 4], options: { causal: true, dropout: 0.2, seed: 9 } },
  { sizes: [1, 4, 2, 17, 19, 16, 16], options: { causal: true } },
  { sizes: [2, 2, 2, 66, 65, 32, 32], mask: [2, 1, 1, 65] },
  { sizes: [1, 2, 1, 33, 33, 64, 64], options: { causal: true } },
  { sizes: [1, 1, 1, 7, 9, 128, 128], bias: [7, 9] },
  { sizes: [1, 1, 1, 5, 6, 30, 66] },
];

const named = ([b, n, m, t, s, d, e]: Case["sizes"]): Sizes => ({ b, n, m, t, s, d, e });

function inputsOf({ sizes, bias, mask }: Case, withValues: boolean): Input[] {
  const { b, n, m, t, s, d, e } = named(sizes);
  return [
    floats([b, n, t, d]),
    floats([b, m, s, d], cosine),
    ...(withValues ? [floats([b, m, s, e], sine)] : []),
    ...(bias ? [floats(bias, (i) => 1.5 * Math.sin(0.9 * i))] : []),
    ...(mask ? [{ shape: mask, dtype: "bool" as const, at: seen }] : []),
  ];
}

function labelOf({ sizes, options }: Case): string {
  return `B,N,M,T,S,D,E = ${sizes} ${JSON.stringify(options ?? {})}`;
}

/** The options of a case with the tensors behind queries, keys and values. */
function optionsOf(one: Case, more: readonly sl.Tensor[]): sl.AttentionOptions {
  const rest = [...more];
  const bias = one.bias ? given(rest.shift()) : null;
  const mask = one.mask ? given(rest.shift()) : null;
  return { ...one.options, bias, mask };
}

const samples = attentionCases.map(
  (one): Sample => ({
    label: labelOf(one),
    inputs: inputsOf(one, true),
    run: (q, k, v, ...more) =>
      sl.scaledDotProductAttention(given(q), given(k), given(v), optionsOf(one, more)),
  }),
);

const scored = attentionCases
  .filter(({ options }) => options?.dropout === undefined)
  .map(
    (one): Sample => ({
      label: labelOf(one),
      inputs: inputsOf(one, false),
      run: (q, k, ...more) => sl.attentionScores(given(q), given(k), optionsOf(one, more)),
    }),
  );

type Attend = (options?: sl.AttentionOptions, ...shapes: readonly (readonly number[])[]) => unknown;

const attend: Attend = (options, ...shapes) => {
  const [q, k, v] = shapes.map((shape) => sl.zeros(shape));
  return sl.scaledDotProductAttention(given(q), given(k), given(v ?? k), options);
};
const score: Attend = (options, ...shapes) => {
  const [q, k] = shapes.map((shape) => sl.zeros(shape));
  return sl.attentionScores(given(q), given(k), options);
};

/** What both refuse. */
function refusals(call: Attend): Row["refusals"] {
  const single = [1, 1, 3, 4];
  const shapes = (says: string, ...given: readonly (readonly number[])[]) => ({
    error: sl.ShapeError,
    says,
    run: () => call({}, ...given),
  });
  const options = (
    says: string,
    error: Row["refusals"][number]["error"],
    given: sl.AttentionOptions,
  ) => ({ error, says, run: () => call(given, single, single) });
  return [
    shapes("rank 4", [2, 3, 4], [2, 3, 4]),
    shapes("equal B", [2, 1, 3, 4], [1, 1, 3, 4]),
    shapes("equal B", [1, 1, 3, 4], [1, 1, 3, 5]),
    shapes("head sizes D and E being at least 1", [1, 1, 3, 0], [1, 1, 3, 0]),
    shapes("multiple", [1, 3, 3, 4], [1, 2, 3, 4]),
    options("[1,1,3,3]", sl.ShapeError, { mask: sl.ones([4], "bool") }),
    options("at most rank 4", sl.ShapeError, { mask: sl.ones([1, 1, 1, 3, 3], "bool") }),
    options("bool", sl.DTypeError, { mask: sl.ones([3]) }),
    options("bias", sl.ShapeError, { bias: sl.ones([2]) }),
    options("received keyLengths of shape [2]. Expected [1]", sl.ShapeError, {
      keyLengths: [1, 2],
    }),
    ...[4, -1, 1.5, Number.NaN].map((length) =>
      options(
        `keyLengths has ${length} for row 0. Expected a whole number from 0 to 3`,
        sl.ArgumentError,
        { keyLengths: [length] },
      ),
    ),
    options("has 4 for row 0", sl.ArgumentError, { keyLengths: Int32Array.of(4) }),
    options("keyLengths: received float32[1], expected int32", sl.DTypeError, {
      keyLengths: sl.tensor([1]),
    }),
    options("window", sl.ArgumentError, { window: 0 }),
    options("window", sl.ArgumentError, { window: 1.5 }),
    options("scale", sl.ArgumentError, { scale: Number.NaN }),
  ];
}

export const attentionRows: Readonly<Record<string, Row>> = {
  scaledDotProductAttention: {
    tolerance: "attention",
    gradient: "gradient",
    samples,
    refusals: [
      ...refusals(attend),
      {
        error: sl.ShapeError,
        says: "head sizes D and E being at least 1",
        run: () => attend({}, [1, 1, 3, 4], [1, 1, 3, 4], [1, 1, 3, 0]),
      },
      {
        error: sl.ShapeError,
        says: "equal B",
        run: () => attend({}, [1, 1, 3, 4], [1, 1, 3, 4], [1, 1, 2, 4]),
      },
      {
        error: sl.ArgumentError,
        says: "dropout",
        run: () => attend({ dropout: 1 }, [1, 1, 3, 4], [1, 1, 3, 4]),
      },
      ...notATensor((one) => sl.scaledDotProductAttention(one, one, one)),
    ],
  },
  attentionScores: {
    tolerance: "attention",
    gradient: "gradient",
    samples: scored,
    refusals: refusals(score),
  },
};
