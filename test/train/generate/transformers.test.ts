import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../../src/errors.ts";
import { carryStates } from "../../../src/layers/carried-states.ts";
import { layers } from "../../../src/layers/index.ts";
import { counters, idle, memory, scalar, type Tensor, tensor } from "../../../src/tensor/index.ts";
import { generate, input, type Model, model, sequential } from "../../../src/train/index.ts";
import { expectClose } from "../../helpers/compare.ts";
import { tolerances } from "../../helpers/tolerances.ts";
import { all, withTransformerWeights } from "./token-models.ts";

const [V, D, CONTEXT] = [11, 8, 24];
const { dense, embedding, rotaryEmbedding, tokenAndPositionEmbedding, transformerDecoder } = layers;

const withWeights = <M extends Model>(made: M): M => withTransformerWeights(made, 0.9, 1);
const block = (config = {}) => transformerDecoder({ intermediateDim: 12, numHeads: 2, ...config });
const start = () =>
  tokenAndPositionEmbedding({
    vocabularySize: V,
    sequenceLength: CONTEXT,
    embeddingDim: D,
    inputShape: [null],
  });

const models: Readonly<Record<string, () => Model>> = {
  "two blocks": () => sequential({ layers: [start(), block(), block(), dense({ units: V })] }),
  "a block that normalizes first": () =>
    sequential({ layers: [start(), block({ normalizeFirst: true }), dense({ units: V })] }),
  "grouped queries with rotary positions and a residual": () => {
    const ids = input({ shape: [null], dtype: "int32" });
    const x = rotaryEmbedding().apply(embedding({ inputDim: V, outputDim: D }).apply(ids));
    const attention = layers.groupedQueryAttention({
      headDim: 4,
      numQueryHeads: 4,
      numKeyValueHeads: 2,
    });
    const attended = attention.apply([x, x], { useCausalMask: true });
    const both = layers.rmsNormalization().apply(layers.add().apply([x, attended]));
    return model({ inputs: ids, outputs: dense({ units: V }).apply(both) });
  },
  "multi-head attention, sine positions and a mask of padding": () => {
    const ids = input({ shape: [null], dtype: "int32" });
    const x = embedding({ inputDim: V, outputDim: D, maskZero: true }).apply(ids);
    const placed = layers.add().apply([x, layers.sinePositionEncoding().apply(x)]);
    const attention = layers.multiHeadAttention({ numHeads: 2, keyDim: 4 });
    const attended = attention.apply([placed, placed], { useCausalMask: true });
    return model({ inputs: ids, outputs: dense({ units: V }).apply(attended) });
  },
  "a block with rotary positions, rms normalization and a gate": () =>
    sequential({
      layers: [
        embedding({ inputDim: V, outputDim: D, inputShape: [null] }),
        block({ rotary: true, normalization: "rms", normalizeFirst: true, feedForward: "swiglu" }),
        dense({ units: V }),
      ],
    }),
  "attention within a sliding window": () => {
    const ids = input({ shape: [null], dtype: "int32" });
    const x = embedding({ inputDim: V, outputDim: D }).apply(ids);
    const heads = { headDim: 4, numQueryHeads: 2, numKeyValueHeads: 1 };
    const attention = layers.groupedQueryAttention({ ...heads, slidingWindow: 3, rotary: true });
    const attended = attention.apply([x, x], { useCausalMask: true });
    return model({ inputs: ids, outputs: dense({ units: V }).apply(attended) });
  },
  "a block behind an LSTM": () =>
    sequential({
      layers: [
        start(),
        layers.lstm({ units: D, returnSequences: true }),
        block(),
        dense({ units: V }),
      ],
    }),
};

const make = (name: string): Model => withWeights(models[name]?.() as Model);

const ids = (rows: readonly number[][]): Tensor =>
  tensor(rows as number[][], [rows.length, rows[0]?.length ?? 0], "int32");

/** The greatest logit after these ids, by `predict`. */
async function best(net: Model, shown: number[]): Promise<number> {
  const logits = [...(await (net.predict(ids([shown])) as Tensor).data())].slice(-V);
  return logits.indexOf(Math.max(...logits));
}

async function naive(net: Model, prompt: number[], count: number): Promise<number[]> {
  const all = [...prompt];
  for (let s = 0; s < count; s++) all.push(await best(net, all));
  return all.slice(prompt.length);
}

describe("decoding with a cache", () => {
  const rows = [
    [1, 4, 0, 5, 9, 2, 6, 0],
    [2, 7, 1, 8, 2, 8, 0, 3],
  ];

  // Expected: one call with the whole sequence.
  test.each(Object.keys(models))(
    "%s gives at every position what the whole sequence gives",
    async (name) => {
      const net = make(name);
      const whole = await (net.predict(ids(rows)) as Tensor).data(); // [2, 8, V]
      for (const lengths of [
        [1, 1, 1, 1, 1, 1, 1, 1],
        [5, 1, 1, 1],
        [3, 5],
      ]) {
        let states: readonly Tensor[] = [];
        let from = 0;
        for (const count of lengths) {
          const piece = ids(rows.map((row) => row.slice(from, from + count)));
          const position = from === 0 ? null : scalar(from, "int32");
          const run = carryStates(states, () => net.apply(piece) as Tensor, {
            position,
            capacity: 8,
          });
          states = run.states;
          const expected = rows.flatMap((_, b) => [
            ...whole.slice((b * 8 + from) * V, (b * 8 + from + count) * V),
          ]);
          const label = `${lengths.join()} from ${from}`;
          expectClose(await run.result.data(), expected, { ...tolerances.attention, label });
          from += count;
        }
      }
    },
  );

  test.each(Object.keys(models))(
    "%s generates greedily what whole sequences give",
    async (name) => {
      const net = make(name);
      const seen = new Set<number>();
      for (const prompt of [[3], [1, 4, 1, 5], [7, 7], [0, 10, 2], [9, 6, 5]]) {
        const expected = await naive(net, prompt, 12);
        expect(await all(generate(net, prompt, { maxTokens: 12, temperature: 0 }))).toEqual(
          expected,
        );
        for (const id of expected) seen.add(id);
      }
      expect(seen.size).toBeGreaterThan(1);
    },
  );

  test("reads 16 times at most for 256 tokens, and leaves nothing behind", async () => {
    const net = make("two blocks");
    await idle();
    const [before, readbacks] = [memory(), counters().readbacks];
    expect(await all(generate(net, [1, 2, 3], { maxTokens: 256, seed: 1 }))).toHaveLength(256);
    expect(counters().readbacks - readbacks).toBeLessThanOrEqual(16);
    await idle();
    expect(memory()).toEqual(before);
  });
});

describe("a sequence that outgrows the model", () => {
  test("goes on with the last half of what was seen", async () => {
    const net = make("two blocks");
    const prompt = [1, 4, 1, 5];
    const sequence = [...prompt];
    // The caches hold CONTEXT steps; when the next token does not fit any more, half of them are run anew.
    let first = 0;
    for (let s = 0; s < 40; s++) {
      if (sequence.length - first > CONTEXT) first = sequence.length - CONTEXT / 2;
      sequence.push(await best(net, sequence.slice(first)));
    }
    expect(first).toBeGreaterThan(CONTEXT / 2); // more than once
    const options = { maxTokens: 40, temperature: 0 };
    expect(await all(generate(net, prompt, options))).toEqual(sequence.slice(prompt.length));
  });

  test("does so at any window", async () => {
    const net = make("a block that normalizes first");
    for (const window of [1, 2, 5]) {
      const sequence = [1, 4, 1, 5, 9, 2];
      let first = Math.max(0, sequence.length - window);
      for (let s = 0; s < 12; s++) {
        if (sequence.length - first > window) {
          first = sequence.length - Math.max(1, Math.floor(window / 2));
        }
        sequence.push(await best(net, sequence.slice(first)));
      }
      const options = { maxTokens: 12, temperature: 0, window };
      expect(await all(generate(net, [1, 4, 1, 5, 9, 2], options)), `${window}`).toEqual(
        sequence.slice(6),
      );
    }
  });

  test("is refused as a prompt, or as a window", () => {
    const net = make("two blocks");
    const long = Array.from({ length: CONTEXT + 1 }, (_, i) => i % V);
    expect(() => generate(net, long)).toThrow(ArgumentError);
    expect(() => generate(net, long)).toThrow(/25 tokens.*24 steps at most.*slice\(-24\)/);
    expect(() => generate(net, [1], { window: 25 })).toThrow(/25 as window.*24 at most/);
    expect(() => generate(net, long, { window: 24 })).not.toThrow();
  });
});

test("attention that is not causal sees a window", async () => {
  const ids = input({ shape: [4], dtype: "int32" });
  const x = embedding({ inputDim: V, outputDim: D }).apply(ids);
  const y = layers.transformerEncoder({ intermediateDim: 6, numHeads: 2 }).apply(x);
  const pooled = layers.flatten().apply(y);
  const net = withWeights(model({ inputs: ids, outputs: dense({ units: V }).apply(pooled) }));
  const flat = withWeights(model({ inputs: ids, outputs: dense({ units: V }).apply(y) }));
  for (const one of [net, flat]) {
    const sequence = [1, 4, 1, 5, 9];
    for (let s = 0; s < 8; s++) sequence.push(await best(one, sequence.slice(-4)));
    const options = { maxTokens: 8, temperature: 0 };
    expect(await all(generate(one, [1, 4, 1, 5, 9], options))).toEqual(sequence.slice(5));
  }
});
