import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { registerClass } from "../../src/names/class-registry.ts";
import * as train from "../../src/optimizers/index.ts";
import { resolveOptimizer } from "../../src/optimizers/resolve.ts";
import { compile, counters, sum, type Tensor, tensor } from "../../src/tensor/index.ts";
import { expectClose } from "../helpers/compare.ts";
import { wave } from "../helpers/golden.ts";
import { tolerances } from "../helpers/tolerances.ts";
import { kept, linear, noise, vector } from "./support.ts";

class SignSgd extends train.CustomOptimizer {
  static override readonly className = "SignSgd";
  override update(p: Tensor, g: Tensor, { learningRate }: train.UpdateContext) {
    return p.sub(g.sign().mul(learningRate));
  }
}

/** Adam in operations: what the kernel has to agree with. */
class OwnAdam extends train.CustomOptimizer<"m" | "v"> {
  static override readonly className = "OwnAdam";
  static override readonly slots = ["m", "v"];
  readonly #beta1: number;

  constructor(config: train.OptimizerConfig & { readonly beta1?: number } = {}) {
    super(config);
    this.#beta1 = config.beta1 ?? 0.9;
  }

  override update(
    p: Tensor,
    g: Tensor,
    { slots, learningRate, step }: train.UpdateContext<"m" | "v">,
  ) {
    const m = slots.m.mul(this.#beta1).add(g.mul(1 - this.#beta1));
    const v = slots.v.mul(0.99).add(g.square().mul(0.01));
    const unbiased = (share: number): Tensor => tensor(share).pow(step).neg().add(1);
    const correction = unbiased(0.99).sqrt().div(unbiased(this.#beta1));
    const change = m.div(v.sqrt().add(1e-7)).mul(correction).mul(learningRate);
    return { parameter: p.sub(change), slots: { m, v } };
  }

  override getConfig() {
    return { ...super.getConfig(), beta1: this.#beta1 };
  }
}

registerClass(SignSgd);
registerClass(OwnAdam);

const options: Record<string, train.OptimizerConfig> = {
  nothing: {},
  globalClipnorm: { globalClipnorm: 0.7 },
  clipnorm: { clipnorm: 0.4 },
  clipvalue: { clipvalue: 0.2 },
  weightDecay: { weightDecay: 0.3 },
  averages: { useEma: true, emaMomentum: 0.7, emaOverwriteFrequency: 3 },
  accumulation: { gradientAccumulationSteps: 3 },
  all: {
    clipnorm: 0.4,
    weightDecay: 0.3,
    useEma: true,
    emaMomentum: 0.7,
    emaOverwriteFrequency: 2,
    gradientAccumulationSteps: 2,
  },
};

describe("an optimizer of one's own", () => {
  test("takes steps, in replays too", async () => {
    const w = vector([1, -1, 0]);
    const optimizer = kept(new SignSgd({ learningRate: (step: number) => 2 ** -step }));
    const step = kept(compile((g: Tensor) => void optimizer.minimize(() => sum(w.mul(g)))));
    for (let i = 0; i < 3; i++) step(tensor([3, -4, 0]));
    expect(await w.data()).toEqual(new Float32Array([-0.75, 0.75, 0]));
  });

  test.each(Object.entries(options))("shares with the others: %s", async (_name, config) => {
    const [a, b] = [vector(wave([7], 0.2)), vector(wave([7], 0.2))];
    const shared = { learningRate: 0.05, ...config };
    const own = kept(new OwnAdam(shared));
    const kernel = kept(train.adam({ ...shared, beta2: 0.99 }));
    for (let step = 0; step < 12; step++) {
      own.minimize(linear(a, noise([7], step)));
      kernel.minimize(linear(b, noise([7], step)));
    }
    own.finalizeVariableValues();
    kernel.finalizeVariableValues();
    expect(await own.refusedUpdates()).toBe(0);
    expectClose(await a.data(), await b.data(), tolerances.longOptimizer);
  });

  test("refuses updates with gradients that are not finite, slots and all", async () => {
    const w = vector([1, 2], "own/w");
    const optimizer = kept(new OwnAdam({ useEma: true, gradientAccumulationSteps: 2 }));
    for (let step = 0; step < 3; step++) optimizer.minimize(linear(w, [1, -2]));
    const before = await Promise.all(
      (await optimizer.getWeights()).map((one) => one.tensor.data()),
    );
    const weight = await w.data();
    optimizer.minimize(linear(w, [1, Number.NaN]));
    const after = await Promise.all((await optimizer.getWeights()).map((one) => one.tensor.data()));
    expect(after.slice(1)).toEqual(before.slice(1));
    expect(await w.data()).toEqual(weight);
    expect(await optimizer.refusedUpdates()).toBe(1);
  });

  test("a warm step makes nothing new", async () => {
    const w = vector(wave([100], 0.2));
    const optimizer = kept(new OwnAdam(options.all));
    const step = kept(compile((g: Tensor) => void optimizer.minimize(() => sum(w.mul(g)))));
    const run = async (): Promise<void> => {
      for (let i = 0; i < 4; i++) step(tensor(noise([100], i)));
      await w.data();
    };
    await run();
    const before = counters();
    await run();
    const after = counters();
    expect(after.plansCreated).toBe(before.plansCreated);
    expect(after.buffersCreated).toBe(before.buffersCreated);
    expect(after.pipelinesCreated).toBe(before.pipelinesCreated);
    expect(after.submits - before.submits).toBe(5);
  });

  test("comes back from its class name and config", () => {
    const optimizer = kept(new OwnAdam({ learningRate: 0.02, beta1: 0.5, clipnorm: 1 }));
    const described = { className: optimizer.getClassName(), config: optimizer.getConfig() };
    const again = kept(resolveOptimizer(JSON.parse(JSON.stringify(described))));
    expect(again).toBeInstanceOf(OwnAdam);
    expect(again.getConfig()).toEqual(optimizer.getConfig());
    expect(again.getConfig()).toMatchObject({ learningRate: 0.02, beta1: 0.5, clipnorm: 1 });
    expect(kept(resolveOptimizer(again.getConfig() as never))).toBeInstanceOf(OwnAdam);
  });

  test("of an unknown class is answered with the way out", () => {
    const unknown = () => resolveOptimizer({ className: "SingSgd" });
    expect(unknown).toThrow(ArgumentError);
    expect(unknown).toThrow('Did you mean "SignSgd"?');
    expect(unknown).toThrow("serialization.registerClass");
  });

  test("that gives something else than weights is refused", () => {
    class Wrong extends train.CustomOptimizer<"m"> {
      static override readonly className = "Wrong";
      static override readonly slots = ["m"];
      readonly #give: (p: Tensor) => unknown;
      constructor(give: (p: Tensor) => unknown) {
        super();
        this.#give = give;
      }
      override update(p: Tensor) {
        return this.#give(p) as Tensor;
      }
    }
    const attempt = (give: (p: Tensor) => unknown) => () =>
      kept(new Wrong(give)).minimize(linear(vector([1, 2]), [1, 1]));
    expect(attempt(() => 3)).toThrow("gave 3");
    expect(attempt((p) => p.sum())).toThrow(ShapeError);
    expect(attempt((p) => ({ parameter: p, slots: { n: p } }))).toThrow("there is no slot n");
    expect(attempt((p) => ({ parameter: p, slots: { m: p.sum() } }))).toThrow(ShapeError);
    expect(() => new SignSgd({ useEma: 1 } as never)).toThrow("useEma");
  });
});
