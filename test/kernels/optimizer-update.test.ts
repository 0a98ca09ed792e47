import { describe, expect, test } from "vitest";
import { HostScalar } from "../../src/graph/host-scalar.ts";
import { specOf } from "../../src/graph/spec.ts";
import { lowerOptimizerUpdate, UPDATE_KINDS } from "../../src/kernels/optimizer-update.ts";
import { expectClose } from "../helpers/compare.ts";
import { randomFloats } from "../helpers/random-values.ts";
import { runKernel, tensor } from "../helpers/run-kernel.ts";
import { tolerances } from "../helpers/tolerances.ts";

const lengths = [1, 64, 65, 3, 700];
const rate = 0.01;

/** Equations of Keras 3 (keras/src/optimizers), in double precision: new parameter and slots. */
interface Rule {
  readonly kind: string;
  readonly numbers: readonly number[];
  readonly slots: number;
  readonly centered?: boolean;
  readonly momentum?: boolean;
  readonly update: (p: number, g: number, s: readonly number[]) => readonly number[];
}

const [rho, epsilon, beta1, beta2, momentum, decay] = [0.9, 1e-7, 0.9, 0.999, 0.8, 0.004];
const correction = Math.sqrt(1 - beta2 ** 3) / (1 - beta1 ** 3);
const mean = (old: number, share: number, value: number): number =>
  share * old + (1 - share) * value;
const adam = (p: number, g: number, [m = 0, v = 0]: readonly number[]): readonly number[] => {
  const [first, second] = [mean(m, beta1, g), mean(v, beta2, g * g)];
  return [p - (rate * correction * first) / (Math.sqrt(second) + epsilon), first, second];
};
const rmsprop =
  (centered: boolean, hasMomentum: boolean): Rule["update"] =>
  (p, g, s) => {
    const square = mean(s[0] ?? 0, rho, g * g);
    const average = mean(s[1] ?? 0, rho, g);
    const spread = centered ? square - average * average : square;
    const step = (rate * g) / Math.sqrt(spread + epsilon);
    const kept = centered ? [square, average] : [square];
    if (!hasMomentum) return [p - step, ...kept];
    const next = momentum * (s.at(-1) ?? 0) + step;
    return [p - next, ...kept, next];
  };

const rules: readonly Rule[] = [
  { kind: "sgd", numbers: [], slots: 0, update: (p, g) => [p - rate * g] },
  {
    kind: "momentum",
    numbers: [momentum],
    slots: 1,
    update: (p, g, [m = 0]) => [p + momentum * m - rate * g, momentum * m - rate * g],
  },
  {
    kind: "nesterov",
    numbers: [momentum],
    slots: 1,
    update: (p, g, [m = 0]) => {
      const next = momentum * m - rate * g;
      return [p + momentum * next - rate * g, next];
    },
  },
  ...[false, true].flatMap((centered) =>
    [false, true].map((hasMomentum) => ({
      kind: "rmsprop",
      numbers: [1 - rho, momentum, epsilon],
      slots: 1 + Number(centered) + Number(hasMomentum),
      centered,
      momentum: hasMomentum,
      update: rmsprop(centered, hasMomentum),
    })),
  ),
  { kind: "adam", numbers: [1 - beta1, 1 - beta2, epsilon, correction], slots: 2, update: adam },
  {
    kind: "adamw",
    numbers: [1 - beta1, 1 - beta2, epsilon, correction, decay],
    slots: 2,
    update: (p, g, s) => adam(p - rate * decay * p, g, s),
  },
];

interface Run {
  readonly globalClipnorm?: number;
  readonly clipvalue?: number;
  readonly norm?: number;
  readonly ok?: 0 | 1;
  readonly limits?: { readonly maxComputeWorkgroupsPerDimension: number };
}

/** New parameters and slots, list after list. */
async function update(
  rule: Rule,
  { globalClipnorm = 0, clipvalue = 0, norm = 2, ok = 1, limits }: Run,
) {
  const { parameters, gradients, slots } = problem(rule);
  const lists = [parameters, gradients, ...slots];
  const inputs = [...lists.flat(), Float32Array.of(norm, ok, norm / 2 ** 80, 0)].map((x) =>
    tensor([x.length], x),
  );
  const count = lengths.length;
  const kept = [parameters, ...slots].flat();
  return runKernel({
    lower: lowerOptimizerUpdate,
    inputs,
    outputs: kept.map((x) => specOf([x.length])),
    attributes: {
      kind: rule.kind,
      parameters: count,
      slots: rule.slots,
      centered: rule.centered === true,
      momentum: rule.momentum === true,
    },
    scalars: [rate, globalClipnorm, clipvalue, ...rule.numbers].map((x) => HostScalar.of(x)),
    colocated: lists.map((list, l) => list.map((_, i) => l * count + i)),
    inPlace: kept.map((_, output) => ({ output, input: output < count ? output : output + count })),
    ...(limits && { limits }),
  });
}

function problem(rule: Rule) {
  const list = (seed: number, scale = 1): Float32Array[] =>
    lengths.map((length, i) => randomFloats(length, 10 * seed + i, scale));
  // Mean squares are positive, and above the square of the mean.
  const positive = (seed: number): Float32Array[] => list(seed).map((x) => x.map((v) => v * v + 1));
  const slots = Array.from({ length: rule.slots }, (_, s) => {
    const isSquare = rule.kind === "rmsprop" ? s === 0 : s === 1;
    return isSquare ? positive(s + 3) : list(s + 3, 0.1);
  });
  return { parameters: list(1), gradients: list(2), slots };
}

function expected(rule: Rule, clip: (g: number) => number): number[][] {
  const { parameters, gradients, slots } = problem(rule);
  const results = [parameters, ...slots].map(() => lengths.map((): number[] => []));
  lengths.forEach((length, i) => {
    for (let at = 0; at < length; at++) {
      const old = slots.map((slot) => slot[i]?.[at] ?? 0);
      const g = clip(gradients[i]?.[at] ?? 0);
      rule.update(parameters[i]?.[at] ?? 0, g, old).forEach((value, list) => {
        results[list]?.[i]?.push(value);
      });
    }
  });
  return results.flat();
}

describe("optimizerUpdate kernel", () => {
  for (const rule of rules) {
    const name = `${rule.kind}${rule.centered ? " centered" : ""}${rule.momentum ? " with momentum" : ""}`;

    test(`${name} follows Keras's equations, clipped and not`, async () => {
      const clips: readonly (readonly [Run, (g: number) => number])[] = [
        [{}, (g) => g],
        [{ globalClipnorm: 0.5, norm: 2 }, (g) => g / 4],
        [{ globalClipnorm: 3, norm: 2 }, (g) => g],
        [{ clipvalue: 0.3 }, (g) => Math.max(-0.3, Math.min(0.3, g))],
      ];
      for (const [run, clip] of clips) {
        const actual = await update(rule, run);
        expected(rule, clip).forEach((list, i) => {
          const label = `${name} ${JSON.stringify(run)} list ${i}`;
          expectClose(actual[i] ?? [], list, { ...tolerances.optimizer, label });
        });
      }
    });

    test(`${name} writes nothing where the check refuses`, async () => {
      const actual = await update(rule, { ok: 0 });
      const { parameters, slots } = problem(rule);
      const before = [parameters, ...slots].flat();
      expect(actual.map((list) => Array.from(list))).toEqual(
        before.map((list) => Array.from(list)),
      );
    });
  }

  test("counts workgroups beyond one dimension of the grid", async () => {
    const [rule] = rules;
    if (!rule) throw new Error("no rules");
    const actual = await update(rule, { limits: { maxComputeWorkgroupsPerDimension: 2 } });
    expected(rule, (g) => g).forEach((list, i) => {
      expectClose(actual[i] ?? [], list, tolerances.optimizer);
    });
  });

  test("has a case here for every kind", () => {
    expect(new Set(rules.map((rule) => rule.kind))).toEqual(new Set(UPDATE_KINDS));
  });
});
