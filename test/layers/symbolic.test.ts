import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { layers } from "../../src/layers/index.ts";
import { type LayerNode, SymbolicTensor } from "../../src/layers/symbolic.ts";
import { type Tensor, tensor } from "../../src/tensor/index.ts";
import { wave } from "../helpers/golden.ts";

const input = () => new SymbolicTensor({ shape: [null, null, 3] });

/** Runs the nodes below a symbolic tensor on data. */
function run(output: SymbolicTensor, data: ReadonlyMap<SymbolicTensor, Tensor>): Tensor {
  const given = data.get(output);
  if (given) return given;
  const node = output.node as LayerNode;
  return node.run((parent) => run(parent, data))[output.outputIndex] as Tensor;
}

describe("layers on symbolic tensors", () => {
  test("build their weights and say the shape of the output", () => {
    const layer = layers.lstm({ units: 4, returnSequences: true, name: "encoder" });
    const output = layer.apply(input());
    expect(output.shape).toEqual([null, null, 4]);
    expect(output.name).toBe("encoder");
    expect(layer.built).toBe(true);
    expect(layer.output).toBe(output);
    expect(layers.flatten().apply(output).shape).toEqual([null, null]);
  });

  test("take states of other layers, which count as inputs of the node", async () => {
    const x = input();
    const encoder = layers.lstm({ units: 4, returnState: true });
    const decoder = layers.lstm({ units: 4 });
    const [, h, c] = encoder.apply(x);
    const output = decoder.apply(x, { initialState: [h, c] as SymbolicTensor[] });
    expect(output.node?.parents).toEqual([x, h, c]);
    const data = tensor(wave([2, 5, 3], 0.4), [2, 5, 3]);
    const [, dataH, dataC] = encoder.apply(data);
    const expected = decoder.apply(data, { initialState: [dataH, dataC] as Tensor[] });
    const actual = run(output, new Map([[x, data]]));
    expect(await actual.data()).toEqual(await expected.data());
  });

  test("a layer that is shared has the same weights in every place", () => {
    const layer = layers.dense({ units: 2 });
    const [a, b] = [layer.apply(input()), layer.apply(input())];
    expect(layer.inboundNodes).toHaveLength(2);
    expect(layer.weights).toHaveLength(2);
    expect(a).not.toBe(b);
    expect(() => layer.output).toThrow(/applied to symbolic tensors once.*2 times/);
  });

  test("find shapes that do not fit before there is data", () => {
    const dense = layers.dense({ units: 2 });
    dense.apply(input());
    expect(() => dense.apply(new SymbolicTensor({ shape: [null, 7] }))).toThrow(ShapeError);
    const unknown = new SymbolicTensor({ shape: [null, null] });
    expect(() => layers.dense({ units: 2, name: "d" }).apply(unknown)).toThrow(
      /d: axis -1.*no size/,
    );
    expect(() => layers.dense({ units: 2 }).output).toThrow(ArgumentError);
  });

  test("keep the dtype where the elements only move", () => {
    const ids = new SymbolicTensor({ shape: [null, 6], dtype: "int32" });
    expect(layers.reshape({ targetShape: [2, 3] }).apply(ids).dtype).toBe("int32");
    expect(layers.embedding({ inputDim: 4, outputDim: 2 }).apply(ids).dtype).toBe("float32");
  });
});
