import { describe, expect, test } from "vitest";
import { layers } from "../../../src/layers/index.ts";
import type { SymbolicTensor } from "../../../src/layers/symbolic.ts";
import { counters, idle, memory, type Tensor } from "../../../src/tensor/index.ts";
import { beamSearch, generate, input, type Model, model } from "../../../src/train/index.ts";
import { kept } from "../support.ts";
import {
  block,
  D,
  greedy,
  ids,
  logits,
  make,
  naive,
  names,
  placed,
  rows,
  sources,
  V,
  withWeights,
} from "./encoder-decoder-models.ts";
import { all } from "./token-models.ts";

const { dense, embedding, transformerDecoder, transformerEncoder } = layers;

describe("a decoder beside an encoder", () => {
  test.each(names)("%s: generates what whole sequences give", async (name) => {
    const net = make(name);
    const found: number[][] = [];
    for (const source of sources) {
      for (const prompt of [[1], [4, 2, 6]]) {
        const expected = await naive(net, source, prompt, 12);
        const given = await all(generate(net, prompt, { ...greedy, inputs: rows([source]) }));
        expect(given).toEqual(expected);
        found.push(expected);
      }
    }
    expect(found[0]).not.toEqual(found[2]); // the source counts
    expect(new Set(found.flat()).size).toBeGreaterThan(1);
  });

  test.each(names)("%s: a batch of sources, and the best of three beams", async (name) => {
    const net = make(name);
    const expected = await Promise.all(sources.map((source) => naive(net, source, [1], 6)));
    const given = await all(
      generate(net, [[1], [1]], { ...greedy, maxTokens: 6, inputs: sources }),
    );
    expect(given.map((step) => step[0])).toEqual(expected[0]);
    expect(given.map((step) => step[1])).toEqual(expected[1]);

    const source = sources[0] as number[];
    const [only] = await beamSearch(net, [1], { inputs: [source], beams: 1, maxTokens: 6 });
    expect(only?.ids).toEqual(expected[0]);
    const found = await beamSearch(net, [1], { inputs: [source], beams: 3, maxTokens: 4 });
    for (const { ids: path, logProbability } of found) {
      const logits = net.predict([rows([source]), rows([[1, ...path.slice(0, -1)]])]) as Tensor;
      const logs = await logits.logSoftmax().data();
      const sum = path.reduce((total, id, s) => total + (logs[s * V + id] ?? 0), 0);
      expect(logProbability).toBeCloseTo(sum, 4);
    }
  });
});

test("the encoder runs once, whatever it costs", async () => {
  const net = (blocks: number): Model => {
    const [source, target] = [ids(), ids()];
    let encoded = placed().apply(source);
    for (let i = 0; i < blocks; i++) encoded = transformerEncoder(block).apply(encoded);
    const decoded = transformerDecoder(block).apply([placed().apply(target), encoded]);
    return kept(model({ inputs: [source, target], outputs: logits(decoded) }));
  };
  /** Dispatches of four further tokens. */
  const cost = async (one: Model): Promise<number> => {
    const of = async (maxTokens: number): Promise<number> => {
      const before = counters().dispatches;
      await all(generate(one, [1], { ...greedy, maxTokens, inputs: [[3, 1, 4]] }));
      return counters().dispatches - before;
    };
    return (await of(12)) - (await of(8));
  };
  const small = await cost(net(1));
  expect(small).toBeGreaterThan(0);
  expect(await cost(net(3))).toBe(small);
});

test("nothing is left behind", async () => {
  const net = make("transformers");
  const inputs = [sources[0] as number[]];
  await all(generate(net, [1], { ...greedy, inputs }));
  await idle();
  const before = memory();
  await all(generate(net, [1], { ...greedy, inputs }));
  for await (const _ of generate(net, [1], { ...greedy, inputs })) break;
  await beamSearch(net, [1], { inputs, beams: 2, maxTokens: 4 });
  await idle();
  expect(memory()).toEqual(before);
});

/** Models whose layers depend on the tokens by their number alone, or in another place than one would look for it. */
const withPositions: Readonly<Record<string, () => Model>> = {
  "a model that is given positions": () => {
    const [vectors, positions] = [input({ shape: [null, D] }), input({ shape: [null, D] })];
    const both = layers.add().apply([vectors, dense({ units: D }).apply(positions)]);
    const decoder = model({
      inputs: [vectors, positions],
      outputs: logits(transformerDecoder(block).apply(both)),
    });
    const x = embedding({ inputDim: V, outputDim: D }).apply(ids());
    return decodedFrom(x, (e) => decoder.apply([e, layers.sinePositionEncoding().apply(e)]));
  },
  "keys that are positions": () => {
    const x = embedding({ inputDim: V, outputDim: D }).apply(ids());
    return decodedFrom(x, (e) => {
      const attention = layers.multiHeadAttention({ numHeads: 2, keyDim: 4 });
      const found = attention.apply([e, layers.sinePositionEncoding().apply(e)]);
      return logits(layers.concatenate().apply([e, found]));
    });
  },
  "a block that is recomputed": () => {
    const x = placed().apply(ids());
    return decodedFrom(x, (e) =>
      logits(transformerDecoder({ ...block, recompute: true }).apply(e)),
    );
  },
};

function decodedFrom(
  x: SymbolicTensor,
  rest: (x: SymbolicTensor) => SymbolicTensor | SymbolicTensor[],
): Model {
  const tokens = x.node?.inputs as SymbolicTensor;
  return model({ inputs: tokens, outputs: rest(x) as SymbolicTensor });
}

test.each(Object.keys(withPositions))("%s: step by step or not, tokens are right", async (name) => {
  const net = withWeights(withPositions[name]?.() as Model);
  const isStepwise = name !== "keys that are positions";
  const found = new Set<number>();
  for (const prompt of [
    [1, 4, 1, 5],
    [7, 3, 0, 2],
    [9, 9, 6, 8],
  ]) {
    const sequence = [...prompt];
    let sum = 0;
    for (let s = 0; s < 8; s++) {
      const shown = isStepwise ? sequence : sequence.slice(-4);
      const logs = (net.predict(rows([shown])) as Tensor).logSoftmax();
      const given = [...(await logs.data())].slice(-V);
      sum += Math.max(...given);
      sequence.push(given.indexOf(Math.max(...given)));
    }
    const expected = sequence.slice(4);
    const options = { maxTokens: 8, temperature: 0 };
    expect(await all(generate(net, prompt, options))).toEqual(expected);
    const [best] = await beamSearch(net, prompt, { beams: 1, maxTokens: 8 });
    expect(best?.ids).toEqual(expected);
    expect(best?.logProbability).toBeCloseTo(sum, 4);
    for (const id of expected) found.add(id);
  }
  expect(found.size).toBeGreaterThan(1);
});

test("keys that come of the tokens, but are not the queries, are no whole sequence", async () => {
  const tokens = input({ shape: [4], dtype: "int32" });
  const x = placed().apply(tokens);
  const [query, value] = [dense({ units: D }).apply(x), dense({ units: D }).apply(x)];
  for (const attention of [
    layers.multiHeadAttention({ numHeads: 2, keyDim: 4 }),
    layers.attention(),
    transformerDecoder(block),
  ]) {
    const seen = attention.apply([query, value] as never) as unknown as SymbolicTensor;
    const net = withWeights(model({ inputs: tokens, outputs: logits(seen) }));
    const sequence = [1, 4, 1, 5];
    for (let s = 0; s < 8; s++) {
      const given = [...(await (net.predict(rows([sequence.slice(-4)])) as Tensor).data())].slice(
        -V,
      );
      sequence.push(given.indexOf(Math.max(...given)));
    }
    const options = { maxTokens: 8, temperature: 0 };
    expect(await all(generate(net, [1, 4, 1, 5], options))).toEqual(sequence.slice(4));
  }
});
