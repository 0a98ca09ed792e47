import * as sl from "sluice";
import { afterEach, describe, expect, test } from "vitest";
import { testDevice } from "../../helpers/adapter.ts";
import { kept, noise } from "../support.ts";

const hasHalf = (await testDevice()).features.has("shader-f16");
const { layers } = sl;

afterEach(() => sl.setDTypePolicy("float32"));

/** What `make` makes while this policy is in force. */
function under<T>(policy: sl.DTypePolicy, make: () => T): T {
  sl.setDTypePolicy(policy);
  const made = make();
  sl.setDTypePolicy("float32");
  return made;
}

const net = (): sl.Sequential =>
  kept(
    sl.sequential({
      layers: [layers.gru({ units: 3, inputShape: [4, 2] }), layers.dense({ units: 1 })],
    }),
  );

const policies: readonly sl.DTypePolicy[] = ["float32", "mixed_float16"];

describe.each(policies)("a model of %s layers", (own) => {
  test.each(policies)("is one again when %s is in force", async (other) => {
    const made = under(own, net);
    const copies = [
      under(other, () => sl.modelFromJSON(made.toJSON())),
      await sl.loadLayersModel(await made.save()),
    ];
    sl.setDTypePolicy(other);
    copies.push(await sl.loadLayersModel(await made.save()));
    for (const copy of copies.map(kept)) {
      expect(copy.layers.map(({ dtypePolicy }) => dtypePolicy)).toEqual([own, own]);
    }
  });
});

/** Has a weight of halves, and makes itself anew in a way of its own. */
class Factors extends sl.layers.Layer {
  static override readonly className = "FactorsOfHalves";

  static override fromConfig<L>(this: new (config: never) => L, config: object): L {
    return new this({ ...config } as never);
  }

  override build(): void {
    this.addWeight("factors", [3], "float16", "ones", undefined, false);
    this.built = true;
  }

  override call(x: sl.Tensor): sl.Tensor {
    return x.mul(this.weight("factors"));
  }
}

sl.serialization.registerClass(Factors);

const factors = (): sl.Sequential =>
  kept(sl.sequential({ layers: [new Factors({ inputShape: [3] })] }));

test("a layer that makes itself anew has the policy that it had", () => {
  const model = under("mixed_float16", () => kept(sl.sequential({ layers: [new Factors()] })));
  const again = kept(sl.modelFromJSON(model.toJSON()));
  expect(again.layers.map(({ dtypePolicy }) => dtypePolicy)).toEqual(["mixed_float16"]);
});

if (hasHalf) test("weights of float16 come back to the bit", restoresHalves);

async function restoresHalves(): Promise<void> {
  const model = factors();
  model.setWeights([sl.tensor([0.1, 1 / 3, 65504], [3], "float16")]);
  const expected = await model.weights[0]?.data();
  const again = kept(await sl.loadLayersModel(await model.save()));
  expect(again.weights[0]?.dtype).toBe("float16");
  expect(await again.weights[0]?.data()).toEqual(expected);
}

/** Layers that say float32 themselves, around one that says nothing. */
const around: Readonly<Record<string, () => sl.AnyLayer>> = {
  bidirectional: () =>
    layers.bidirectional({ layer: layers.lstm({ units: 2 }), dtype: "float32" }) as sl.AnyLayer,
  stackedRNN: () =>
    layers.stackedRNN({ layer: layers.gru({ units: 2 }), numLayers: 2, dtype: "float32" }),
  timeDistributed: () =>
    layers.timeDistributed({ layer: layers.dense({ units: 2 }), dtype: "float32" }),
};

describe.each(Object.entries(around))("%s, float32 under mixed_float16", (_, make) => {
  // These are no halves: computed as halves, other bits come out.
  const x = sl.tensor(noise(24), [3, 4, 2]);

  test("computes in float32, and so does what a file makes of it", async () => {
    const [plain, inside] = [make(), under("mixed_float16", make)];
    for (const one of [plain, inside]) one.apply(x);
    plain.setWeights(inside.getWeights());
    const expected = await (plain.apply(x) as sl.Tensor).data();
    expect(await (inside.apply(x) as sl.Tensor).data()).toEqual(expected);
    const masking = layers.masking({ inputShape: [4, 2], dtype: "float32" });
    const model = kept(sl.sequential({ layers: [masking, inside] }));
    const again = kept(sl.modelFromJSON(model.toJSON()));
    again.setWeights(model.getWeights());
    expect(await again.predict(x).data()).toEqual(await model.predict(x).data());
  });
});
