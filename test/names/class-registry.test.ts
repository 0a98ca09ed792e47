import { describe, expect, test } from "vitest";
import { getConstraint } from "../../src/constraints/resolve.ts";
import { ArgumentError } from "../../src/errors.ts";
import { getInitializer } from "../../src/initializers/index.ts";
import { resolveLoss } from "../../src/losses/resolve.ts";
import { resolveMetric } from "../../src/metrics/resolve.ts";
import { deserialize, registerClass } from "../../src/names/class-registry.ts";
import { resolveOptimizer } from "../../src/optimizers/resolve.ts";
import { resolveRate } from "../../src/optimizers/resolve-schedule.ts";
import { getRegularizer } from "../../src/regularizers/resolve.ts";

class Stranger {
  static readonly className = "TestStranger";
  readonly isStrange = true;
}
registerClass(Stranger);
const stranger = { className: "TestStranger", config: {} };

describe("a registered class", () => {
  test("comes back by its name", () => {
    expect(deserialize(stranger, "thing")).toBeInstanceOf(Stranger);
  });

  test("is told from another of its name", () => {
    registerClass(Stranger);
    class Other {
      static readonly className = "TestStranger";
      readonly isStrange = false;
    }
    expect(() => registerClass(Other)).toThrow('another class is called "TestStranger"');
  });

  // Files may name any class that is known: one of another kind would fail only when training calls it.
  test.each([
    ["constraint", getConstraint, "constraints.Constraint"],
    ["regularizer", getRegularizer, "regularizers.Regularizer"],
    ["initializer", getInitializer, "initializers.Initializer"],
    ["loss", resolveLoss, "losses.Loss"],
    ["metric", resolveMetric, "metrics.Metric"],
    ["optimizer", resolveOptimizer, "train.CustomOptimizer"],
    ["learning rate", (given: never) => resolveRate("sgd", given), "train.Schedule"],
  ])("of another kind is refused as %s", (_what, resolve, base) => {
    const read = () => (resolve as (given: unknown) => unknown)(stranger);
    expect(read).toThrow(ArgumentError);
    expect(read).toThrow(
      `(Stranger) for the class "TestStranger". Expected a class that extends ${base}.`,
    );
  });

  test("an object that is no description is named as it is", () => {
    expect(() => getConstraint(new Stranger() as never)).toThrow("received an object (Stranger).");
  });
});
