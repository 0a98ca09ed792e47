import { describe, expect, test } from "vitest";
import { ShapeError, SluiceError } from "../../../src/errors.ts";
import { layers } from "../../../src/layers/index.ts";
import type { SymbolicTensor } from "../../../src/layers/symbolic.ts";
import { type Tensor, tensor, tidy } from "../../../src/tensor/index.ts";
import {
  beamSearch,
  type GenerateConfig,
  generate,
  input,
  model,
  sequential,
} from "../../../src/train/index.ts";
import { noise } from "../support.ts";
import {
  block,
  CONTEXT,
  D,
  greedy,
  ids,
  logits,
  make,
  naive,
  placed,
  rows,
  S,
  sources,
  V,
  withWeights,
} from "./encoder-decoder-models.ts";
import { all } from "./token-models.ts";

const { dense, embedding, transformerDecoder, transformerEncoder } = layers;

describe("inputs beside the tokens", () => {
  const source = sources[0] as number[];

  test("go by order or by name, with or without the batch of one", async () => {
    const [x, y] = [
      input({ shape: [null], name: "french" }),
      input({ shape: [null], name: "word" }),
    ];
    const encoded = transformerEncoder(block).apply(placed().apply(x));
    const decoded = transformerDecoder(block).apply([placed().apply(y), encoded]);
    const net = withWeights(model({ inputs: [y, x], outputs: logits(decoded) }));
    const given = (inputs: GenerateConfig["inputs"]) =>
      all(generate(net, [1], { ...greedy, ...(inputs && { inputs }) }));
    const expected = await given({ french: [source] });
    expect(await given({ french: source })).toEqual(expected);
    expect(await given({ french: rows([source]) })).toEqual(expected);
    // In their order the tokens are the last: here the source.
    const swapped = withWeights(model({ inputs: [x, y], outputs: logits(decoded) }));
    const ordered = (inputs: GenerateConfig["inputs"]) =>
      all(generate(swapped, [1], { ...greedy, ...(inputs && { inputs }) }));
    expect(await ordered(source)).toEqual(expected);
    expect(await ordered([rows([source])])).toEqual(expected);
    expect(await ordered(Int32Array.from(source))).toEqual(expected);
  });

  test("several are a list", async () => {
    const [x, scale, y] = [ids(), input({ shape: [1, D] }), ids()];
    const encoded = transformerEncoder(block).apply(placed().apply(x));
    const target = layers.multiply().apply([placed().apply(y), scale]);
    const decoded = transformerDecoder(block).apply([target, encoded]);
    const net = withWeights(model({ inputs: [x, scale, y], outputs: logits(decoded) }));
    const factors = tensor(noise(D, 3), [1, 1, D]);
    const sequence = [1];
    for (let s = 0; s < 6; s++) {
      const all = [rows([source]), factors, rows([sequence])];
      const given = [...(await (net.predict(all) as Tensor).data())].slice(-V);
      sequence.push(given.indexOf(Math.max(...given)));
    }
    const inputs = [rows([source]), factors];
    const options = { ...greedy, maxTokens: 6, inputs };
    expect(await all(generate(net, [1], options))).toEqual(sequence.slice(1));
    expect(await beamSearch(net, [1], { inputs, beams: 1, maxTokens: 6 })).toMatchObject([
      { ids: sequence.slice(1) },
    ]);
  });

  test("may end, or change, as soon as they were given", async () => {
    const net = make("transformers");
    const expected = await naive(net, source, [1], 12);
    const list = [[...source]];
    const tensors = [rows([source]), rows([source]).add(rows([[0]]))];
    for (const inputs of [list, ...tensors]) {
      for (const prompt of [[1], tensor([1], [1], "int32")] as number[][]) {
        const found = tidy(() => generate(net, prompt, { ...greedy, inputs }));
        if (inputs === tensors[1]) inputs.dispose();
        if (inputs === list) list[0]?.fill(0);
        expect(await all(found)).toEqual(expected);
        list[0]?.splice(0, S, ...source);
        tensors[1] = rows([source]).add(rows([[0]]));
      }
    }
    const best = tidy(() => [beamSearch(net, [1], { inputs: source, beams: 1, maxTokens: 12 })]);
    expect((await best[0])?.[0]?.ids).toEqual(expected);
  });

  test("are read anew where the tokens outgrow the positions, and where a window slides", async () => {
    const net = make("transformers");
    const sequence = [1];
    let first = 0;
    for (let s = 0; s < 40; s++) {
      if (sequence.length - first > CONTEXT) first = sequence.length - CONTEXT / 2;
      sequence.push(...(await naive(net, source, sequence.slice(first), 1)));
    }
    expect(first).toBeGreaterThan(0);
    const options = { maxTokens: 40, temperature: 0, inputs: [source] };
    expect(await all(generate(net, [1], options))).toEqual(sequence.slice(1));

    const [x, y] = [ids(), ids()];
    const encoded = transformerEncoder(block).apply(placed().apply(x));
    const target = transformerEncoder(block).apply(placed().apply(y)); // each step sees all
    const both = layers.multiHeadAttention({ numHeads: 2, keyDim: 4 }).apply([target, encoded]);
    const looking = withWeights(model({ inputs: [x, y], outputs: logits(both) }));
    const slid = [1, 4, 2];
    for (let s = 0; s < 8; s++) slid.push(...(await naive(looking, source, slid.slice(-3), 1)));
    const few = { maxTokens: 8, inputs: [source] };
    expect(await all(generate(looking, [1, 4, 2], { ...few, temperature: 0 }))).toEqual(
      slid.slice(3),
    );
    const [best] = await beamSearch(looking, [1, 4, 2], { ...few, beams: 1 });
    expect(best?.ids).toEqual(slid.slice(3));
  });

  test("leave the states of a stateful encoder alone", async () => {
    const [x, y] = [
      input({ batchShape: [1, S], dtype: "int32" }),
      input({ batchShape: [1, null] }),
    ];
    const embed = () => embedding({ inputDim: V, outputDim: D });
    const encoder = layers.gru({ units: 7, stateful: true });
    const h = encoder.apply(embed().apply(x)) as SymbolicTensor;
    const decoder = layers.gru({ units: 7, returnSequences: true });
    const outputs = logits(decoder.apply(embed().apply(y), { initialState: [h] }));
    const net = withWeights(model({ inputs: [x, y], outputs }));
    const options = { ...greedy, inputs: [source] };
    const first = await all(generate(net, [1], options));
    expect(await all(generate(net, [1], options))).toEqual(first);
    encoder.resetStates();
    expect(await naive(net, source, [1], 1)).toEqual(first.slice(0, 1));
  });
});

describe("what generate cannot know", () => {
  const net = () => make("transformers");
  const message = (inputs: unknown, prompt: number[] | number[][] = [1]) => {
    try {
      generate(net(), prompt as number[], { inputs } as GenerateConfig);
    } catch (error) {
      expect(error).toBeInstanceOf(SluiceError);
      return (error as Error).message;
    }
    return "no error";
  };

  test("it asks for, at once", async () => {
    expect(message(null)).toMatch(
      /has the inputs .*, .*received no data for the others.*Expected data for 1:/,
    );
    expect(message({ french: [[1]] })).toMatch(/received data for french.*Expected data for 1:/);
    expect(message([rows([[1]]), rows([[1]])])).toMatch(/a list of 2.*Expected 1/);
    expect(message([[[1, 2]]])).toMatch(/received shape \[1,1,2\], expected \[null,null\]/);
    expect(message(sources)).toMatch(/\[2,6\] for ".*" and 1 prompt\. Expected as many rows/);
    expect(message([sources[0]], [[1], [1]])).toMatch(/\[1,6\] for ".*" and 2 prompts/);
    expect(message(Promise.resolve([1]))).toMatch(/received a Promise/);
    for (const nothing of [{}, new Set(), new Date(), { french: undefined }]) {
      expect(message(nothing)).toMatch(/received data for (no name|french)\. Expected data for 1:/);
    }
    expect(message([])).toMatch(/received shape \[0\] for ".*"\. Expected one step at least/);
    expect(message([[1, 2, V]])).toMatch(/the id 11 at position 2 of inputs ".*"\. .* 0 to 10,/);
    expect(message([[1, 2.5]])).toMatch(/the id 2\.5 at position 1 of inputs/);
    const single = withWeights(
      sequential({ layers: [placed({ inputShape: [null] }), dense({ units: V })] }),
    );
    expect(() => generate(single, [1], { inputs: [[1]] })).toThrow(/one input, that of the tokens/);
    await expect(beamSearch(net(), [1])).rejects.toThrow(/beamSearch: .*no data for the others/);
  });

  test("a step for each token is not known beforehand", async () => {
    const [x, y] = [input({ shape: [null, D] }), ids()];
    const both = layers.add().apply([embedding({ inputDim: V, outputDim: D }).apply(y), x]);
    const net = withWeights(model({ inputs: [x, y], outputs: logits(both) }));
    const run = (steps: number) =>
      all(
        generate(net, [1, 4, 2], { ...greedy, inputs: tensor(noise(steps * D, 1), [1, steps, D]) }),
      );
    await expect(run(3)).rejects.toThrow(ShapeError);
    await expect(run(3)).rejects.toThrow(/gives 3 steps for 1 of tokens.*one step, \[B, 1, D\]/);
    expect(await run(1)).toHaveLength(12);
  });
});
