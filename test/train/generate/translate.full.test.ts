import { describe, expect, test } from "vitest";
import * as sl from "../../../src/index.ts";
import { kept } from "../support.ts";

const [TIME, DIGITS, WIDTH] = [6, 10, 32];
/** Tokens are the digits, and one that every text begins with. */
const BEGIN = DIGITS;
const [SAMPLES, BATCH] = [8192, 64];

/** Random digits, and their translation: from the end to the start, each raised by three. */
function pairs(count: number, seed: number): { source: number[][]; target: number[][] } {
  let state = seed;
  const draw = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * DIGITS);
  };
  const source = Array.from({ length: count }, () => Array.from({ length: TIME }, draw));
  const target = source.map((row) => row.toReversed().map((digit) => (digit + 3) % DIGITS));
  return { source, target };
}

type Sides = readonly [source: sl.SymbolicTensor, target: sl.SymbolicTensor];

/** What makes the decoder's vectors of the two sequences. */
const recipes: Readonly<Record<string, (sides: Sides) => sl.SymbolicTensor>> = {
  transformers([source, target]) {
    const placed = () =>
      sl.layers.tokenAndPositionEmbedding({
        ...{ vocabularySize: DIGITS + 1, sequenceLength: TIME, embeddingDim: WIDTH },
      });
    const block = { intermediateDim: 64, numHeads: 4, normalizeFirst: true } as const;
    const encoded = sl.layers.transformerEncoder(block).apply(placed().apply(source));
    return sl.layers.transformerDecoder(block).apply([placed().apply(target), encoded]);
  },
  "LSTMs with attention"([source, target]) {
    const embed = () => sl.layers.embedding({ inputDim: DIGITS + 1, outputDim: WIDTH });
    const encoder = sl.layers.lstm({ units: 2 * WIDTH, returnSequences: true, returnState: true });
    const [encoded, h, c] = encoder.apply(embed().apply(source)) as unknown as [
      sl.SymbolicTensor,
      sl.SymbolicTensor,
      sl.SymbolicTensor,
    ];
    const decoder = sl.layers.lstm({ units: 2 * WIDTH, returnSequences: true });
    const y = decoder.apply(embed().apply(target), { initialState: [h, c] });
    const found = sl.layers.attention({ useScale: true }).apply([y, encoded]);
    return sl.layers.concatenate().apply([y, found]);
  },
};

describe("an encoder and a decoder learn to translate", () => {
  test.each([
    ["transformers", 5],
    ["LSTMs with attention", 6],
  ] as const)("%s", { timeout: 240_000 }, async (name, epochs) => {
    await sl.init({ seed: 1 });
    const ids = (label: string) => sl.input({ shape: [null], dtype: "int32", name: label });
    const [source, target] = [ids("source"), ids("target")];
    const vectors = recipes[name]?.([source, target]) as sl.SymbolicTensor;
    const net = kept(
      sl.model({
        inputs: [source, target],
        outputs: sl.layers.dense({ units: DIGITS }).apply(vectors),
      }),
    );
    net.compile({
      optimizer: { kind: "adam", learningRate: 4e-3 },
      loss: { kind: "sparseCategoricalCrossentropy", fromLogits: true },
    });
    // In training the decoder is shown the tokens that it should have written.
    const taught = pairs(SAMPLES, 1);
    const shown = taught.target.map((row) => [BEGIN, ...row.slice(0, -1)]);
    const started = Date.now();
    await net.fit([sl.tensor(taught.source), sl.tensor(shown)], sl.tensor(taught.target), {
      ...{ epochs, batchSize: BATCH, verbose: 0 },
    });
    const seconds = (Date.now() - started) / 1000;

    const unseen = pairs(500, 2);
    const prompts = unseen.source.map(() => [BEGIN]);
    const written: (number | null)[][] = unseen.source.map(() => []);
    const options = { inputs: unseen.source, maxTokens: TIME, temperature: 0 };
    for await (const step of sl.generate(net, prompts, options)) {
      for (const [row, id] of step.entries()) written[row]?.push(id);
    }
    const exact = written.filter((row, i) => row.join() === unseen.target[i]?.join()).length / 500;
    console.info(
      `${name}: ${100 * exact} % exact after ${(epochs * SAMPLES) / BATCH} updates, ${seconds} s`,
    );
    expect(exact).toBeGreaterThan(0.95);
    const [best] = await sl.beamSearch(net, [BEGIN], {
      ...{ inputs: unseen.source[0] as number[], beams: 3, maxTokens: TIME },
    });
    expect(best?.ids).toEqual(unseen.target[0]);
  });
});
