import * as sl from "sluice";
import { describe, expect, test, vi } from "vitest";
import { kept } from "../train/support.ts";

/** What the page on pieces of one's own says of those that nobody registered. */
describe("what nobody registered", () => {
  const nameless = { optimizer: "sgd", loss: "meanSquaredError" } as const;
  class UnknownLoss extends sl.losses.Loss {
    static override readonly className = "UnknownLoss";
    override call(labels: sl.Tensor, predictions: sl.Tensor) {
      return labels.sub(predictions).square().mean(-1);
    }
  }
  class UnknownMetric extends sl.metrics.Metric {
    static override readonly className = "UnknownMetric";
    readonly size = 1;
    totals(labels: sl.Tensor) {
      return labels.sum().reshape([1]);
    }
    result(totals: sl.Tensor) {
      return totals.squeeze();
    }
  }
  class UnknownInitializer extends sl.initializers.Initializer {
    static override readonly className = "UnknownInitializer";
    override values([rows = 1, columns = 1]: sl.Shape) {
      return new Float32Array(rows * columns);
    }
  }
  class UnknownRegularizer extends sl.regularizers.Regularizer {
    static override readonly className = "UnknownRegularizer";
    override apply(w: sl.Tensor) {
      return w.sum();
    }
  }
  class UnknownConstraint extends sl.constraints.Constraint {
    static override readonly className = "UnknownConstraint";
    override apply(w: sl.Tensor) {
      return w.abs();
    }
  }
  class UnknownOptimizer extends sl.train.CustomOptimizer {
    static override readonly className = "UnknownOptimizer";
    override update(w: sl.Tensor) {
      return w;
    }
  }
  class UnknownSchedule extends sl.train.Schedule {
    static override readonly className = "UnknownSchedule";
    override rate() {
      return 0.1;
    }
  }
  test.each<[string, Partial<Parameters<typeof sl.layers.dense>[0]>, Partial<sl.CompileConfig>]>([
    ["UnknownLoss", {}, { loss: new UnknownLoss() }],
    ["UnknownMetric", {}, { metrics: [new UnknownMetric()] }],
    ["UnknownInitializer", { kernelInitializer: new UnknownInitializer() }, {}],
    ["UnknownRegularizer", { kernelRegularizer: new UnknownRegularizer() }, {}],
    ["UnknownConstraint", { kernelConstraint: new UnknownConstraint() }, {}],
    ["UnknownOptimizer", {}, { optimizer: new UnknownOptimizer() }],
    ["UnknownSchedule", {}, { optimizer: sl.train.sgd(new UnknownSchedule()) }],
  ])("%s is named, and nothing stays allocated", async (name, dense, compile) => {
    const made = kept(
      sl.sequential({ layers: [sl.layers.dense({ units: 1, inputShape: [2], ...dense })] }),
    );
    made.compile({ ...nameless, ...compile });
    const file = await made.save();
    const before = sl.memory().numBytes;
    const loaded = sl.loadLayersModel(file);
    await expect(loaded).rejects.toThrow(sl.FormatError);
    await expect(loaded).rejects.toThrow(`there is no class "${name}"`);
    await expect(loaded).rejects.toThrow("serialization.registerClass");
    expect(sl.memory().numBytes).toBe(before);
  });

  test("a second class of one name is refused", () => {
    const makeLoss = () =>
      class extends sl.losses.Loss {
        static override readonly className = "RegisteredOnce";
        override call(labels: sl.Tensor) {
          return labels;
        }
      };
    const [first, second] = [makeLoss(), makeLoss()];
    sl.serialization.registerClass(first);
    sl.serialization.registerClass(first); // the same one again is fine
    expect(() => sl.serialization.registerClass(second)).toThrow(
      'another class is called "RegisteredOnce"',
    );
  });

  test("functions: a loss is left out of the file with a warning, a regularizer is refused", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { dense } = sl.layers;
    const made = kept(sl.sequential({ layers: [dense({ units: 1, inputShape: [2] })] }));
    made.compile({
      ...nameless,
      loss: (labels, predictions) => labels.sub(predictions).abs().mean(),
    });
    const loaded = kept(await sl.loadLayersModel(await made.save()));
    expect(warn.mock.calls[0]?.[0]).toMatch(/function.*left out of the file/);
    warn.mockRestore();
    await expect(loaded.fit([[1, 2]], [[1]])).rejects.toThrow("compile");
    loaded.compile({ loss: "meanSquaredError" });
    const kernelRegularizer = (w: sl.Tensor) => w.abs().sum();
    const refused = kept(
      sl.sequential({ layers: [dense({ units: 1, inputShape: [2], kernelRegularizer })] }),
    );
    await expect(refused.save()).rejects.toThrow("regularizer: a function cannot be written");
  });
});
