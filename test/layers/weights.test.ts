import { afterEach, describe, expect, test, vi } from "vitest";
import { ArgumentError, DisposedError, ShapeError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import type { AnyLayer } from "../../src/layers/layer.ts";
import { memory, ones, type Tensor, tensor, zeros } from "../../src/tensor/index.ts";

const describeWeights = (layer: AnyLayer) =>
  layer.weights.map((weight) => `${weight.name} [${weight.shape.join(",")}]`);

const built = <L extends AnyLayer>(layer: L, shape: readonly (number | null)[]): L => {
  layer.ensureBuilt(shape);
  return layer;
};

const made: AnyLayer[] = [];
const keep = <L extends AnyLayer>(layer: L): L => {
  made.push(layer);
  return layer;
};
afterEach(() => {
  for (const layer of made.splice(0)) layer.dispose();
});

describe("weights", () => {
  // Keras 3: names, shapes and order of each layer's weights, I = 3, H = 4.
  test.each<[string, AnyLayer, string[]]>([
    ["dense", layers.dense({ units: 4, name: "a" }), ["a/kernel [3,4]", "a/bias [4]"]],
    [
      "dense without bias",
      layers.dense({ units: 4, useBias: false, name: "a" }),
      ["a/kernel [3,4]"],
    ],
    [
      "simpleRNN",
      layers.simpleRNN({ units: 4, name: "a" }),
      ["a/kernel [3,4]", "a/recurrent_kernel [4,4]", "a/bias [4]"],
    ],
    [
      "lstm",
      layers.lstm({ units: 4, name: "a" }),
      ["a/kernel [3,16]", "a/recurrent_kernel [4,16]", "a/bias [16]"],
    ],
    [
      "gru",
      layers.gru({ units: 4, name: "a" }),
      ["a/kernel [3,12]", "a/recurrent_kernel [4,12]", "a/bias [2,12]"],
    ],
    [
      "gru, reset before",
      layers.gru({ units: 4, resetAfter: false, name: "a" }),
      ["a/kernel [3,12]", "a/recurrent_kernel [4,12]", "a/bias [12]"],
    ],
    ["layerNormalization", layers.layerNormalization({ name: "a" }), ["a/gamma [3]", "a/beta [3]"]],
    ["rmsNormalization", layers.rmsNormalization({ name: "a" }), ["a/scale [3]"]],
    [
      "bidirectional",
      layers.bidirectional({ name: "b", layer: layers.simpleRNN({ units: 4, name: "a" }) }),
      [
        "forward_a/kernel [3,4]",
        "forward_a/recurrent_kernel [4,4]",
        "forward_a/bias [4]",
        "backward_a/kernel [3,4]",
        "backward_a/recurrent_kernel [4,4]",
        "backward_a/bias [4]",
      ],
    ],
    [
      "timeDistributed",
      layers.timeDistributed({ layer: layers.dense({ units: 4, name: "a" }) }),
      ["a/kernel [3,4]", "a/bias [4]"],
    ],
  ])("of %s have Keras's names, shapes and order", (_name, layer, expected) => {
    keep(built(layer, [null, 5, 3]));
    expect(describeWeights(layer)).toEqual(expected);
  });

  test("of embedding", () => {
    const layer = keep(
      built(layers.embedding({ inputDim: 7, outputDim: 2, name: "a" }), [null, 5]),
    );
    expect(describeWeights(layer)).toEqual(["a/embeddings [7,2]"]);
    expect(layer.countParams()).toBe(14);
  });

  test("begin as Keras's do: bias of the forget gate ones, other biases zeros", async () => {
    const layer = keep(built(layers.lstm({ units: 2 }), [null, 5, 3]));
    // i, f, c, o
    expect([...(await layer.weight("bias").data())]).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
    const plain = keep(built(layers.lstm({ units: 2, unitForgetBias: false }), [null, 5, 3]));
    expect([...(await plain.weight("bias").data())]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test("come in through the config, too", async () => {
    const weights = [tensor([[2], [3]]), tensor([1])];
    const layer = keep(layers.dense({ units: 1, weights }));
    expect(await layer.apply(ones([1, 2])).array()).toEqual([[6]]);
  });
});

describe("getWeights and setWeights", () => {
  test("copies stay when the weights change", async () => {
    const layer = keep(built(layers.dense({ units: 1 }), [null, 2]));
    layer.setWeights([[[1], [2]], [3]]);
    const before = layer.getWeights();
    layer.setWeights([[[4], [5]], [6]]);
    expect(await Promise.all(before.map((one) => one.array()))).toEqual([[[1], [2]], [3]]);
    expect(await Promise.all(layer.getWeights().map((one) => one.array()))).toEqual([
      [[4], [5]],
      [6],
    ]);
  });

  test("reject another number of values, another shape, and write nothing then", async () => {
    const layer = keep(built(layers.dense({ units: 1, name: "out" }), [null, 2]));
    layer.setWeights([[[1], [2]], [3]]);
    expect(() => layer.setWeights([zeros([2, 1])])).toThrow(ArgumentError);
    expect(() => layer.setWeights([zeros([2, 1])])).toThrow(
      /1 values for 2 weights.*out\/kernel \[2,1\]/,
    );
    expect(() => layer.setWeights([zeros([2, 1]), zeros([2])])).toThrow(ShapeError);
    expect(() => layer.setWeights([zeros([2, 1]), zeros([2])])).toThrow(
      /\[2\] for out\/bias.*\[1\]/,
    );
    expect(await layer.weight("kernel").array()).toEqual([[1], [2]]);
  });

  test("say so when there are no weights yet", () => {
    const layer = layers.dense({ units: 1, name: "out" });
    expect(() => layer.setWeights([])).toThrow(/out: setWeights\(\) needs weights/);
    expect(() => layer.countParams()).toThrow(ArgumentError);
    expect(() => layer.weight("kernel")).toThrow(ArgumentError);
  });
});

describe("trainable", () => {
  test("moves weights between the lists, inside wrappers, too", () => {
    const inner = layers.dense({ units: 2 });
    const layer = keep(built(layers.timeDistributed({ layer: inner }), [null, 4, 3]));
    expect(layer.trainableWeights).toHaveLength(2);
    layer.trainable = false;
    expect(layer.trainableWeights).toHaveLength(0);
    expect(layer.nonTrainableWeights).toHaveLength(2);
    expect(inner.weights.map((weight) => weight.trainable)).toEqual([false, false]);
    layer.trainable = true;
    expect(inner.trainableWeights).toHaveLength(2);
  });

  test("false in the config holds for weights that are made later", () => {
    const layer = keep(built(layers.lstm({ units: 2, trainable: false }), [null, 4, 3]));
    expect(layer.trainableWeights).toHaveLength(0);
    expect(layer.weights.every((weight) => !weight.trainable)).toBe(true);
  });
});

describe("dispose", () => {
  test("gives all memory back, once, and the layer is of no use then", () => {
    const before = memory();
    const layer = layers.bidirectional({ layer: layers.lstm({ units: 4 }) });
    built(layer, [2, 5, 3]);
    expect(memory().numBytes).toBeGreaterThan(before.numBytes);
    expect(layer.dispose()).toEqual({ numDisposedVariables: 6 });
    expect(layer.dispose()).toEqual({ numDisposedVariables: 0 });
    expect(memory().numBytes).toBe(before.numBytes);
    expect(() => layer.apply(ones([2, 5, 3]))).toThrow(DisposedError);
  });

  test("frees the states of a stateful layer as well", () => {
    const before = memory();
    const layer = built(layers.lstm({ units: 4, stateful: true }), [2, 5, 3]);
    expect(layer.weights).toHaveLength(3);
    expect(layer.dispose()).toEqual({ numDisposedVariables: 5 });
    expect(memory().numBytes).toBe(before.numBytes);
  });
});

describe("a layer of one's own", () => {
  class Scale extends layers.Layer {
    static override readonly className = "Scale";
    override build(): void {
      this.addWeight("factor", [1], "float32", "ones");
    }
    override call(x: Tensor): Tensor {
      return x.mul(this.weight("factor")).mul(2);
    }
  }

  class Twice extends layers.Layer {
    static override readonly className = "Twice";
    readonly parts = [new Scale(), new Scale()];
    override call(x: Tensor): Tensor {
      return this.parts.reduce((value, part) => part.apply(value), x);
    }
  }

  test("computes, is named after its class, brings the weights of its layers", async () => {
    const layer = keep(new Twice());
    expect(await layer.apply(tensor([1, 2])).array()).toEqual([4, 8]);
    expect(layer.name).toMatch(/^twice_\d+$/);
    expect(layer.weights).toHaveLength(2);
    expect(layer.countParams()).toBe(2);
  });

  test("warns once when a mask ends at it", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const layer = keep(new Scale({ name: "scale" }));
    layer.apply(ones([2, 3]), { mask: ones([2, 3], "bool") });
    layer.apply(ones([2, 3]), { mask: ones([2, 3], "bool") });
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]?.[0]).toMatch(/^scale: a mask/);
    warn.mockRestore();
  });
});
