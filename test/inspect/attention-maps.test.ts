import * as sl from "sluice";
import { describe, expect, test } from "vitest";
import { expectClose } from "../helpers/compare.ts";
import { tolerances } from "../helpers/tolerances.ts";

const x = (shape: readonly number[], seed: number): sl.Tensor =>
  sl.randomNormal(shape, 0, 1, "float32", seed);

describe("attention maps", () => {
  test("are the scores that the layer itself gives", async () => {
    const input = sl.input({ shape: [5, 8] });
    const layer = sl.layers.multiHeadAttention({ numHeads: 2, keyDim: 4 });
    const output = layer.apply([input, input], { useCausalMask: true });
    const net = sl.model({ inputs: input, outputs: output });
    const data = x([3, 5, 8], 1);
    const [map] = await sl.inspect.attentionMaps(net, data);
    const [, scores] = layer.apply([data, data], {
      useCausalMask: true,
      returnAttentionScores: true,
    });
    expect(map?.kind).toBe("MultiHeadAttention");
    expect(map?.layer).toBe(layer.name);
    expect(map?.shape).toEqual([3, 2, 5, 5]);
    const expected = await (scores as sl.Tensor).array();
    expectClose(map?.data ?? [], await (scores as sl.Tensor).data(), tolerances.attention);
    const rows = (expected as number[][][][])[2]?.[1] ?? [];
    map?.head(2, 1).forEach((row, t) => {
      expectClose(row, rows[t] ?? [], tolerances.attention);
    });
    expect(() => map?.head(3, 0)).toThrow(sl.ArgumentError);
    expect(() => map?.head(0, 2)).toThrow("head from 0 to 1");
    net.dispose();
  });

  test("come for every layer of stacked blocks, in their order, and are causal where those are", async () => {
    const net = sl.sequential({
      layers: [
        sl.layers.embedding({ inputDim: 7, outputDim: 8, inputShape: [6] }),
        sl.layers.transformerDecoder({ intermediateDim: 16, numHeads: 2 }),
        sl.layers.transformerEncoder({ intermediateDim: 16, numHeads: 4 }),
      ],
    });
    const ids = sl.tensor2d([[1, 2, 3, 4, 5, 6]], [1, 6], "int32");
    const maps = await sl.inspect.attentionMaps(net, ids);
    expect(maps.map(({ shape }) => shape)).toEqual([
      [1, 2, 6, 6],
      [1, 4, 6, 6],
    ]);
    const [causal, full] = maps.map((map) => map.head(0, 1));
    causal?.forEach((row, t) => {
      expect([...row.slice(t + 1)].every((weight) => weight === 0)).toBe(true);
    });
    for (const row of [...(causal ?? []), ...(full ?? [])]) {
      expectClose([row.reduce((a, b) => a + b, 0)], [1], tolerances.reduction);
    }
    expect(full?.[0]?.every((weight) => weight > 0)).toBe(true);
    net.dispose();
  });

  test("leave the model as it is and nothing on the GPU", async () => {
    const net = sl.sequential({
      layers: [
        sl.layers.transformerEncoder({ intermediateDim: 8, numHeads: 2, inputShape: [4, 8] }),
      ],
    });
    const data = await x([2, 4, 8], 3).array();
    await sl.inspect.attentionMaps(net, data);
    await sl.idle();
    const before = sl.memory();
    await sl.inspect.attentionMaps(net, data);
    await sl.idle();
    expect(sl.memory()).toEqual(before);
    net.dispose();
  });

  test("need a model with attention", async () => {
    const net = sl.sequential({ layers: [sl.layers.dense({ units: 2, inputShape: [3] })] });
    await expect(sl.inspect.attentionMaps(net, sl.zeros([1, 3]))).rejects.toThrow(
      "no attention layer",
    );
    net.dispose();
  });
});
