import { describe, expect, test } from "vitest";
import { HostScalar } from "../../src/graph/host-scalar.ts";
import { specOf } from "../../src/graph/spec.ts";
import {
  lowerOptimizerUpdate,
  UPDATE_KINDS,
  type UpdateKind,
} from "../../src/kernels/optimizer-update.ts";
import { expectClose } from "../helpers/compare.ts";
import { randomFloats } from "../helpers/random-values.ts";
import { runKernel, tensor } from "../helpers/run-kernel.ts";
import { tolerances } from "../helpers/tolerances.ts";

const lengths = [1, 64, 65, 3, 700];
const rate = 0.01;

/** Equations of Keras 3 (keras/src/optimizers), in double precision: new parameter and slots. */
interface Rule {
  readonly kind: UpdateKind;
  /** After rate, globalClipnorm, clipvalue, decay and due. */
  readonly numbers: readonly number[];
  readonly slots: number;
  /** Slots that hold what is never negative. */
  readonly positive?: readonly number[];
  readonly update: (p: number, g: number, s: readonly number[]) => readonly number[];
}

const [rho, epsilon, beta1, beta2, momentum] = [0.9, 1e-7, 0.9, 0.999, 0.8];
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
const rms = (x: number): number => Math.sqrt(x + epsilon);

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
  ...(["rmsprop", "rmspropMomentum", "rmspropCentered", "rmspropCenteredMomentum"] as const).map(
    (kind): Rule => {
      const [centered, hasMomentum] = [kind.includes("Centered"), kind.includes("Momentum")];
      return {
        kind,
        numbers: [1 - rho, epsilon, ...(hasMomentum ? [momentum] : [])],
        slots: 1 + Number(centered) + Number(hasMomentum),
        positive: [0],
        update: rmsprop(centered, hasMomentum),
      };
    },
  ),
  {
    kind: "adagrad",
    numbers: [epsilon],
    slots: 1,
    positive: [0],
    update: (p, g, [a = 0]) => [p - (rate * g) / rms(a + g * g), a + g * g],
  },
  {
    kind: "adadelta",
    numbers: [1 - rho, epsilon],
    slots: 2,
    positive: [0, 1],
    update: (p, g, [v = 0, d = 0]) => {
      const square = mean(v, rho, g * g);
      const step = (g * rms(d)) / rms(square);
      return [p - rate * step, square, mean(d, rho, step * step)];
    },
  },
  {
    kind: "adam",
    numbers: [1 - beta1, 1 - beta2, epsilon, correction],
    slots: 2,
    positive: [1],
    update: adam,
  },
  {
    kind: "adamAmsgrad",
    numbers: [1 - beta1, 1 - beta2, epsilon, correction],
    slots: 3,
    positive: [1, 2],
    update: (p, g, [m = 0, v = 0, greatest = 0]) => {
      const [first, second] = [mean(m, beta1, g), mean(v, beta2, g * g)];
      const top = Math.max(greatest, second);
      return [p - (rate * correction * first) / (Math.sqrt(top) + epsilon), first, second, top];
    },
  },
  {
    kind: "adamax",
    numbers: [1 - beta1, beta2, epsilon, 1 / (1 - beta1 ** 3)],
    slots: 2,
    positive: [1],
    update: (p, g, [m = 0, u = 0]) => {
      const [first, top] = [mean(m, beta1, g), Math.max(beta2 * u, Math.abs(g))];
      return [p - (rate * first) / ((1 - beta1 ** 3) * (top + epsilon)), first, top];
    },
  },
  {
    kind: "nadam",
    numbers: [1 - beta1, 1 - beta2, epsilon, 0.7, 1.3, 1 / Math.sqrt(1 - beta2 ** 3)],
    slots: 2,
    positive: [1],
    update: (p, g, [m = 0, v = 0]) => {
      const [first, second] = [mean(m, beta1, g), mean(v, beta2, g * g)];
      const root = Math.sqrt(second / (1 - beta2 ** 3));
      return [p - (rate * (0.7 * first + 1.3 * g)) / (root + epsilon), first, second];
    },
  },
  {
    kind: "lion",
    numbers: [1 - beta1, 1 - beta2],
    slots: 1,
    update: (p, g, [m = 0]) => [p - rate * Math.sign(mean(m, beta1, g)), mean(m, beta2, g)],
  },
  {
    kind: "blend",
    numbers: [0.25],
    slots: 0,
    update: (p, g) => [mean(p, 0.75, g)],
  },
];

interface Run {
  readonly globalClipnorm?: number;
  readonly clipvalue?: number;
  readonly decay?: number;
  readonly due?: 0 | 1;
  readonly norm?: number;
  readonly ok?: 0 | 1;
  readonly limits?: { readonly maxComputeWorkgroupsPerDimension: number };
}

/** New parameters and slots, list after list. */
async function update(
  rule: Rule,
  { globalClipnorm = 0, clipvalue = 0, decay = 0, due = 1, norm = 2, ok = 1, limits }: Run,
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
    attributes: { kind: rule.kind, parameters: count, slots: rule.slots },
    scalars: [rate, globalClipnorm, clipvalue, decay, due, ...rule.numbers].map((x) =>
      HostScalar.of(x),
    ),
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
    return rule.positive?.includes(s) ? positive(s + 3) : list(s + 3, 0.1);
  });
  return { parameters: list(1), gradients: list(2), slots };
}

function expected(rule: Rule, clip: (g: number) => number, decay = 0): number[][] {
  const { parameters, gradients, slots } = problem(rule);
  const results = [parameters, ...slots].map(() => lengths.map((): number[] => []));
  lengths.forEach((length, i) => {
    for (let at = 0; at < length; at++) {
      const old = slots.map((slot) => slot[i]?.[at] ?? 0);
      const g = clip(gradients[i]?.[at] ?? 0);
      const p = parameters[i]?.[at] ?? 0;
      rule.update(p - decay * p, g, old).forEach((value, list) => {
        results[list]?.[i]?.push(value);
      });
    }
  });
  return results.flat();
}

describe("optimizerUpdate kernel", () => {
  for (const rule of rules) {
    const name = rule.kind;

    test(`${name} follows Keras's equations, clipped and not`, async () => {
      const clips: readonly (readonly [Run, (g: number) => number])[] = [
        [{}, (g) => g],
        [{ globalClipnorm: 0.5, norm: 2 }, (g) => g / 4],
        [{ globalClipnorm: 3, norm: 2 }, (g) => g],
        [{ clipvalue: 0.3 }, (g) => Math.max(-0.3, Math.min(0.3, g))],
        [{ decay: 0.02 }, (g) => g],
      ];
      for (const [run, clip] of clips) {
        const actual = await update(rule, run);
        expected(rule, clip, run.decay).forEach((list, i) => {
          const label = `${name} ${JSON.stringify(run)} list ${i}`;
          expectClose(actual[i] ?? [], list, { ...tolerances.optimizer, label });
        });
      }
    });

    test(`${name} writes nothing where the check refuses, or where no update is due`, async () => {
      const { parameters, slots } = problem(rule);
      const before = [parameters, ...slots].flat();
      for (const run of [{ ok: 0 }, { due: 0 }] as const) {
        const actual = await update(rule, { ...run, decay: 0.1 });
        expect(actual.map((list) => Array.from(list))).toEqual(
          before.map((list) => Array.from(list)),
        );
      }
    });
  }

  test("a blend with share 1 is a copy, to the bit", async () => {
    const rule = {
      kind: "blend",
      numbers: [1],
      slots: 0,
      update: (_p: number, g: number) => [g],
    };
    const actual = await update(rule as Rule, {});
    expect(actual.map((list) => Array.from(list))).toEqual(expected(rule as Rule, (g) => g));
  });

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
