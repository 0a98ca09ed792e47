import { describe, expect, test } from "vitest";
import { characters } from "../../../src/data/index.ts";
import { AbortError, ArgumentError, DTypeError, NumericsError } from "../../../src/errors.ts";
import { layers } from "../../../src/layers/index.ts";
import { counters, idle, memory, type Tensor, tensor } from "../../../src/tensor/index.ts";
import {
  type BeamSearchConfig,
  beamSearch,
  generate,
  type Model,
  sequential,
} from "../../../src/train/index.ts";
import { expectClose } from "../../helpers/compare.ts";
import { tolerances } from "../../helpers/tolerances.ts";
import { kept, noise } from "../support.ts";

const V = 6;
const { dense, embedding, gru, tokenAndPositionEmbedding, transformerDecoder } = layers;

function withWeights<M extends Model>(made: M): M {
  made.setWeights(
    made.weights.map(({ shape, size }, i) => {
      const scale = shape.length === 1 ? 0.3 : 1.2;
      return tensor(
        noise(size, i + 3).map((x) => scale * x),
        shape,
      );
    }),
  );
  return kept(made);
}

const models: Readonly<Record<string, () => Model>> = {
  "a GRU": () =>
    sequential({
      layers: [
        embedding({ inputDim: V, outputDim: 4, inputShape: [null] }),
        gru({ units: 5 }),
        dense({ units: V }),
      ],
    }),
  "a transformer": () =>
    sequential({
      layers: [
        tokenAndPositionEmbedding({
          vocabularySize: V,
          sequenceLength: 16,
          embeddingDim: 8,
          inputShape: [null],
        }),
        transformerDecoder({ intermediateDim: 8, numHeads: 2 }),
        dense({ units: V }),
      ],
    }),
  "a window": () =>
    sequential({
      layers: [
        embedding({ inputDim: V, outputDim: 4, inputShape: [3] }),
        layers.flatten(),
        dense({ units: V }),
      ],
    }),
};

const make = (name: string): Model => withWeights(models[name]?.() as Model);

interface Path {
  readonly ids: number[];
  readonly logProbability: number;
  readonly hasEnded: boolean;
}

/** The same search on the host, by `predict` on whole sequences. */
async function search(
  net: Model,
  prompt: number[],
  how: { beams: number; maxTokens: number; stop?: number | number[] },
): Promise<Path[]> {
  const { beams, maxTokens } = how;
  const stops = [how.stop ?? []].flat();
  let paths: Path[] = [{ ids: [], logProbability: 0, hasEnded: false }];
  const steps = net.inputs[0]?.shape[1] ?? Infinity;
  for (let s = 0; s < maxTokens; s++) {
    const next: Path[] = [];
    for (const path of paths) {
      if (path.hasEnded) {
        next.push(path);
        continue;
      }
      const shown = [...prompt, ...path.ids].slice(-steps);
      const x = tensor([shown], [1, shown.length], "int32");
      const logits = [...(await (net.predict(x) as Tensor).data())].slice(-V);
      const total = Math.log(logits.reduce((sum, one) => sum + Math.exp(one), 0));
      logits.forEach((logit, id) => {
        next.push({
          ids: [...path.ids, id],
          logProbability: path.logProbability + logit - total,
          hasEnded: stops.includes(id),
        });
      });
    }
    paths = next.sort((a, b) => b.logProbability - a.logProbability).slice(0, beams);
  }
  return paths;
}

describe("values", () => {
  // Expected: the same search on the host.
  test.each(Object.keys(models))("of %s are those of a search on the host", async (name) => {
    const net = make(name);
    const stopped = [
      { beams: 5, stop: 2 },
      { beams: 8, stop: 4 },
      { beams: 6, stop: [4, 2] },
    ];
    for (const how of [{ beams: 3 }, ...stopped]) {
      const options = { ...how, maxTokens: 7 };
      const expected = await search(net, [1, 4, 0], options);
      const found = await beamSearch(net, [1, 4, 0], { ...options, lengthPenalty: 0 });
      const cut = expected.map(({ ids, hasEnded }) => (hasEnded ? ids.slice(0, -1) : ids));
      expect(found.map(({ ids }) => ids)).toEqual(cut);
      const sums = expected.map(({ logProbability }) => logProbability);
      expectClose(
        found.map(({ logProbability }) => logProbability),
        sums,
        tolerances.reduction,
      );
    }
  });

  test("as many beams as there are sequences find the most probable one of all", async () => {
    const net = make("a GRU");
    const everything = await search(net, [3], { beams: V ** 3, maxTokens: 3 });
    const [best] = await beamSearch(net, [3], { beams: V ** 2, maxTokens: 3 });
    expect(best?.ids).toEqual(everything[0]?.ids);
  });

  test("of several stops the first to come ends a sequence", async () => {
    const net = make("a GRU");
    const options = { beams: 6, maxTokens: 8, stop: [3, 5] };
    const expected = await search(net, [1], options);
    const last = expected.filter(({ hasEnded }) => hasEnded).map(({ ids }) => ids.at(-1));
    expect([...new Set(last)].sort()).toEqual([3, 5]); // both end some of them
    const found = await beamSearch(net, [1], { ...options, lengthPenalty: 0 });
    expect(found.map(({ ids }) => ids)).toEqual(
      expected.map(({ ids, hasEnded }) => (hasEnded ? ids.slice(0, -1) : ids)),
    );
  });

  test("one beam is greedy generation", async () => {
    const net = make("a transformer");
    const greedy: number[] = [];
    for await (const id of generate(net, [2, 1], { maxTokens: 9, temperature: 0 })) greedy.push(id);
    const found = await beamSearch(net, [2, 1], { beams: 1, maxTokens: 9 });
    expect(found.map(({ ids }) => ids)).toEqual([greedy]);
  });

  test("the length penalty orders the results", async () => {
    const net = make("a GRU");
    const options = { beams: 6, maxTokens: 8, stop: 2 };
    const plain = await beamSearch(net, [1], { ...options, lengthPenalty: 0 });
    const averaged = await beamSearch(net, [1], options);
    for (const { ids, score, logProbability } of averaged) {
      const length = ids.length < 8 ? ids.length + 1 : 8;
      expect(score).toBeCloseTo(logProbability / length, 6);
    }
    const scores = averaged.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    const sets = [plain, averaged].map((list) => list.map(({ ids }) => ids.join()).sort());
    expect(sets[1]).toEqual(sets[0]);
  });

  test("more beams than sequences give what there is", async () => {
    expect(await beamSearch(make("a GRU"), [1], { beams: 10, maxTokens: 1 })).toHaveLength(V);
  });

  test("texts go in and come out", async () => {
    const vocabulary = characters("abcd"); // ids 2 to 5
    const net = make("a GRU");
    const [ofText] = await beamSearch(net, "ab", { vocabulary, maxTokens: 5 });
    const [ofIds] = await beamSearch(net, [2, 3], { maxTokens: 5 });
    expect(ofText).toEqual({ ...ofIds, text: vocabulary.decode(ofIds?.ids ?? []) });
    expect(ofIds?.text).toBeNull();
  });
});

test("a search that has ended everywhere stops, and leaves nothing behind", async () => {
  const net = make("a GRU");
  const [bias] = net.weights.slice(-1);
  bias?.assign(tensor([0, 0, 9, 0, 0, 0])); // nearly always the stop
  await beamSearch(net, [1], { beams: 2, maxTokens: 3, stop: 2 });
  await idle();
  const [before, { submits }] = [memory(), counters()];
  const found = await beamSearch(net, [1], { beams: 2, maxTokens: 500, stop: 2 });
  expect(found[0]?.ids).toEqual([]);
  expect(counters().submits - submits).toBeLessThan(40);
  await idle();
  expect(memory()).toEqual(before);
});

describe("errors", () => {
  test("of settings and prompts", async () => {
    const net = make("a GRU");
    for (const wrong of [
      { beams: 0 },
      { beams: 1.5 },
      { maxTokens: 0 },
      { lengthPenalty: -1 },
      { stop: "x" },
      { stop: [1, "x"] },
      { temperature: 1 },
    ]) {
      const run = beamSearch(net, [1], wrong as BeamSearchConfig);
      await expect(run).rejects.toThrow(ArgumentError);
      await expect(beamSearch(net, [1], wrong as BeamSearchConfig)).rejects.toThrow(
        new RegExp(`beamSearch.*${Object.keys(wrong)[0]}`),
      );
    }
    await expect(beamSearch(net, [])).rejects.toThrow("empty prompt");
    await expect(beamSearch(net, [1, V])).rejects.toThrow(/the id 6 at position 1/);
    await expect(beamSearch(net, [[1], [2]])).rejects.toThrow(/a batch of 2/);
    await expect(beamSearch(net, tensor([true, false], [2], "bool"))).rejects.toThrow(DTypeError);
    const long = make("a transformer");
    await expect(beamSearch(long, [1, 2], { maxTokens: 16 })).rejects.toThrow(/maxTokens up to 15/);
    expect(await beamSearch(long, [1, 2], { maxTokens: 15, beams: 1 })).toHaveLength(1);
  });

  test("logits that are not finite, and an abort", async () => {
    const net = make("a GRU");
    const before = memory();
    const signal = AbortSignal.abort();
    await expect(beamSearch(net, [1], { signal })).rejects.toThrow(AbortError);
    const [bias] = net.weights.slice(-1);
    bias?.assign(tensor([0, 0, Number.NaN, 0, 0, 0]));
    await expect(beamSearch(net, [1])).rejects.toThrow(NumericsError);
    await expect(beamSearch(net, [1])).rejects.toThrow(/token 0 are not finite/);
    const { numTensors, numBytes } = before;
    expect(memory()).toMatchObject({ numTensors, numBytes });
  });
});
