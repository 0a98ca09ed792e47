import { afterEach, describe, expect, test, vi } from "vitest";
import { characters, words } from "../../../src/data/index.ts";
import {
  AbortError,
  ArgumentError,
  DisposedError,
  NumericsError,
  ShapeError,
} from "../../../src/errors.ts";
import { layers } from "../../../src/layers/index.ts";
import { Layer } from "../../../src/layers/layer.ts";
import { counters, idle, memory, setSeed, type Tensor, tensor } from "../../../src/tensor/index.ts";
import { type GenerateConfig, generate, type Model, sequential } from "../../../src/train/index.ts";
import { kept, noise } from "../support.ts";

const V = 11;
const { bidirectional, dense, embedding, gru, lstm, simpleRNN, stackedRNN } = layers;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Weights large enough for tokens to depend on all before, and biases that do not drown them. */
function withWeights<M extends Model>(made: M): M {
  made.setWeights(
    made.weights.map(({ shape, size }, i) => {
      const scale = shape.length === 1 ? 0.3 : 1.7;
      return tensor(
        noise(size, i + 1).map((x) => scale * x),
        shape,
      );
    }),
  );
  return kept(made);
}

const start = () => embedding({ inputDim: V, outputDim: 5, inputShape: [null] });

const models: Readonly<Record<string, () => Model>> = {
  "a simpleRNN": () =>
    sequential({
      layers: [start(), simpleRNN({ units: 6, returnSequences: true }), dense({ units: V })],
    }),
  "an LSTM": () =>
    sequential({
      layers: [start(), lstm({ units: 6, returnSequences: true }), dense({ units: V })],
    }),
  "a GRU that gives the last step": () =>
    sequential({ layers: [start(), gru({ units: 6 }), dense({ units: V })] }),
  "two layers": () =>
    sequential({
      layers: [
        start(),
        lstm({ units: 5, returnSequences: true }),
        gru({ units: 6, returnSequences: true }),
        dense({ units: V }),
      ],
    }),
  "a stack": () =>
    sequential({
      layers: [
        start(),
        stackedRNN({ layer: lstm({ units: 5, returnSequences: true }), numLayers: 2 }),
        dense({ units: V }),
      ],
    }),
  "one-hot rows": () =>
    sequential({
      layers: [
        lstm({ units: 6, returnSequences: true, inputShape: [null, V] }),
        dense({ units: V }),
      ],
    }),
};

const make = (name: string): Model => withWeights(models[name]?.() as Model);
const gruNet = (): Model => make("a GRU that gives the last step");

async function all<T>(given: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const one of given) list.push(one);
  return list;
}

/** Greedy tokens by `predict` on ever longer sequences (or on the last `window` ids). */
async function naive(model: Model, prompt: number[], count: number, window = Infinity) {
  const ids = [...prompt];
  for (let s = 0; s < count; s++) {
    const shown = window === Infinity ? ids : ids.slice(-window);
    const isOneHot = model.inputs[0]?.shape.length === 3;
    const hot = shown.map((id) => Array.from({ length: V }, (_, i) => (i === id ? 1 : 0)));
    const x = isOneHot ? tensor([hot]) : tensor([shown], [1, shown.length], "int32");
    const logits = [...(await (model.predict(x) as Tensor).data())].slice(-V);
    ids.push(logits.indexOf(Math.max(...logits)));
  }
  return ids.slice(prompt.length);
}

describe("values", () => {
  // Expected: the greatest of what `predict` gives for the whole sequence so far.
  test.each(Object.keys(models))("%s gives greedily what whole sequences give", async (name) => {
    const model = make(name);
    const seen = new Set<number>();
    for (const prompt of [[3], [1, 4, 1, 5], [7, 7], [0, 10, 2], [9, 6, 5]]) {
      const expected = await naive(model, prompt, 12);
      const given = await all(generate(model, prompt, { maxTokens: 12, temperature: 0 }));
      expect(given).toEqual(expected);
      for (const id of given) seen.add(id);
    }
    expect(seen.size).toBeGreaterThan(2);
  });

  test("a batch gives what each row gives", async () => {
    const model = gruNet();
    const options = { maxTokens: 9, temperature: 0 };
    const rows = await all(
      generate(
        model,
        [
          [1, 2],
          [3, 4],
          [9, 0],
        ],
        options,
      ),
    );
    for (const [row, prompt] of [
      [1, 2],
      [3, 4],
      [9, 0],
    ].entries()) {
      expect(rows.map((step) => step[row])).toEqual(await naive(model, prompt, 9));
    }
  });

  test("prompts may be tensors", async () => {
    const model = gruNet();
    const options = { maxTokens: 5, temperature: 0 };
    const expected = await naive(model, [1, 2], 5);
    expect(await all(generate(model, tensor([1, 2], [2], "int32"), options))).toEqual(expected);
    expect(await all(generate(model, Int32Array.from([1, 2]), options))).toEqual(expected);
    const batch = await all(generate(model, tensor([[1, 2]], [1, 2], "int32"), options));
    expect(batch).toEqual(expected.map((id) => [id]));
  });

  test("the same seed gives the same tokens, another one others; setSeed governs the default", async () => {
    const model = gruNet();
    const drawn = (config: GenerateConfig) =>
      all(generate(model, [1, 2], { maxTokens: 40, temperature: 2, ...config }));
    const first = await drawn({ seed: 5 });
    expect(await drawn({ seed: 5 })).toEqual(first);
    expect(await drawn({ seed: 6 })).not.toEqual(first);
    setSeed(3);
    const [second, third] = [await drawn({}), await drawn({})];
    expect(third).not.toEqual(second);
    setSeed(3);
    expect(await drawn({})).toEqual(second);
  });

  test("rules reach the sampling", async () => {
    const model = gruNet();
    const greedy = await naive(model, [1, 2], 30);
    for (const rule of [{ topK: 1 }, { topP: 1e-6 }, { minP: 1 }, { temperature: 1e-6 }]) {
      expect(await all(generate(model, [1, 2], { maxTokens: 30, ...rule }))).toEqual(greedy);
    }
    const free = await all(generate(model, [1, 2], { maxTokens: 30, seed: 1, temperature: 3 }));
    expect(free).not.toEqual(greedy);
  });

  test("probabilities are told by the last layer, or by fromLogits", async () => {
    const head = () => [start(), gru({ units: 6 }), dense({ units: V, activation: "softmax" })];
    const model = withWeights(sequential({ layers: head() }));
    const logits = withWeights(
      sequential({ layers: [start(), gru({ units: 6 }), dense({ units: V })] }),
    );
    const options = { maxTokens: 60, seed: 4, temperature: 1.3 };
    const expected = await all(generate(logits, [2], options));
    expect(await all(generate(model, [2], options))).toEqual(expected);
    expect(await all(generate(model, [2], { ...options, fromLogits: false }))).toEqual(expected);
    expect(await all(generate(model, [2], { ...options, fromLogits: true }))).not.toEqual(expected);
  });

  test("states of stateful layers are neither read nor changed", async () => {
    const first = embedding({ inputDim: V, outputDim: 5, batchInputShape: [1, null] });
    const stateful = gru({ units: 6, stateful: true });
    const model = withWeights(sequential({ layers: [first, stateful, dense({ units: V })] }));
    const x = tensor([[1, 2, 3]], [1, 3], "int32");
    const before = await (model.predict(x) as Tensor).data(); // leaves a state
    const plain = await all(generate(model, [1, 2], { maxTokens: 8, temperature: 0 }));
    expect(plain).toEqual(await all(generate(gruNet(), [1, 2], { maxTokens: 8, temperature: 0 })));
    const again = await (model.predict(x) as Tensor).data();
    model.resetStates();
    await (model.predict(x) as Tensor).data();
    expect(again).not.toEqual(before);
    expect(await (model.predict(x) as Tensor).data()).toEqual(again);
  });
});

describe("a window", () => {
  test("is what a bidirectional model sees", async () => {
    const model = withWeights(
      sequential({
        layers: [start(), bidirectional({ layer: gru({ units: 4 }) }), dense({ units: V })],
      }),
    );
    const prompt = [1, 4, 1, 5];
    const expected = await naive(model, prompt, 12, 4);
    expect(await all(generate(model, prompt, { maxTokens: 12, temperature: 0 }))).toEqual(expected);
    expect(expected).not.toEqual(await naive(model, prompt, 12));
  });

  test("can be asked for: a model that runs step by step begins anew with half of it", async () => {
    const model = gruNet();
    for (const window of [1, 2, 5]) {
      const sequence = [1, 4, 1, 5, 9, 2];
      let first = Math.max(0, sequence.length - window);
      for (let s = 0; s < 12; s++) {
        const isFull = sequence.length - first > window;
        if (isFull) first = sequence.length - Math.max(1, Math.floor(window / 2));
        sequence.push(...(await naive(model, sequence.slice(first), 1)));
      }
      const options = { maxTokens: 12, temperature: 0, window };
      const given = await all(generate(model, [1, 4, 1, 5, 9, 2], options));
      expect(given, `${window}`).toEqual(sequence.slice(6));
    }
  });

  test("is what the inputShape says for a model that needs it", async () => {
    const model = withWeights(
      sequential({
        layers: [
          embedding({ inputDim: V, outputDim: 3, inputShape: [3] }),
          layers.flatten(),
          dense({ units: V }),
        ],
      }),
    );
    const expected = await naive(model, [1, 4, 1, 5], 12, 3);
    expect(await all(generate(model, [1, 4, 1, 5], { maxTokens: 12, temperature: 0 }))).toEqual(
      expected,
    );
    expect(() => generate(model, [1, 2])).toThrow(ShapeError);
    expect(() => generate(model, [1, 2])).toThrow(/2 tokens.*at least 3/);
  });

  test("layers of one's own are shown one, unless they say that they run step by step", async () => {
    class Twice extends Layer {
      static override readonly className: string = "Twice";
      override call(x: Tensor | readonly Tensor[]): Tensor {
        calls.push((x as Tensor).shape[1] ?? 0);
        return (x as Tensor).mul(2);
      }
    }
    class StepwiseTwice extends Twice {
      static override readonly className: string = "StepwiseTwice";
      readonly runsStepByStep = true;
    }
    let calls: number[] = [];
    for (const [own, expected] of [
      [new Twice({}), [3, 3]],
      [new StepwiseTwice({}), [3, 1]],
    ] as const) {
      const net = sequential({
        layers: [start(), own, gru({ units: 6, returnSequences: true }), dense({ units: V })],
      });
      const model = withWeights(net);
      calls = [];
      await all(generate(model, [1, 2, 3], { maxTokens: 3 }));
      expect(calls).toEqual(expected);
    }
  });
});

describe("text", () => {
  const letters = characters("abcdefghi"); // ids 2 to 10
  const texts = (options: Omit<GenerateConfig, "vocabulary"> = {}) => {
    const model = gruNet();
    return generate(model, "ab", {
      vocabulary: letters,
      maxTokens: 30,
      temperature: 0,
      ...options,
    });
  };

  test("comes in pieces that are the tokens", async () => {
    const ids = await naive(gruNet(), [2, 3], 30);
    expect((await all(texts())).join("")).toBe(letters.decode(ids));
  });

  test("of words has spaces between them, also after the prompt", async () => {
    const vocabulary = words("a b c d e f g h i");
    const ids = await naive(gruNet(), [2, 3], 12);
    const given = await all(
      generate(gruNet(), "a b", { vocabulary, maxTokens: 12, temperature: 0 }),
    );
    expect(`a b${given.join("")}`).toBe(vocabulary.decode([2, 3, ...ids]));
  });

  test("ends before a stop text, however many tokens that spans", async () => {
    const whole = (await all(texts())).join("");
    const stop = whole.slice(7, 10);
    const until = whole.indexOf(stop);
    expect((await all(texts({ stop }))).join("")).toBe(whole.slice(0, until));
    expect((await all(texts({ stop: [stop, whole.slice(5, 7)] }))).join("")).toBe(
      whole.slice(0, Math.min(until, whole.indexOf(whole.slice(5, 7)))),
    );
    // What might have become the stop text is shown in the end.
    const end = `${whole.slice(-2)}zz`;
    expect((await all(texts({ stop: end }))).join("")).toBe(whole);
  });

  test("ends before a stop id", async () => {
    const ids = await naive(gruNet(), [2, 3], 30);
    const stop = ids[6] ?? 0;
    const first = ids.indexOf(stop);
    const given = await all(generate(gruNet(), [2, 3], { maxTokens: 30, temperature: 0, stop }));
    expect(given).toEqual(ids.slice(0, first));
    expect((await all(texts({ stop }))).join("")).toBe(letters.decode(ids.slice(0, first)));
  });

  test("rows of a batch end one by one", async () => {
    const [a, b] = [await naive(gruNet(), [1, 2], 12), await naive(gruNet(), [3, 4], 12)];
    const stop = a.find((id) => b.indexOf(id) < 0 || b.indexOf(id) > a.indexOf(id)) ?? -1;
    const rows = await all(
      generate(
        gruNet(),
        [
          [1, 2],
          [3, 4],
        ],
        { maxTokens: 12, temperature: 0, stop },
      ),
    );
    const cut = (ids: number[]): (number | null)[] => {
      const end = ids.includes(stop) ? ids.indexOf(stop) : ids.length;
      return rows.map((_, s) => (s < end ? (ids[s] ?? null) : null));
    };
    expect(rows.map(([first]) => first)).toEqual(cut(a));
    expect(rows.map(([, second]) => second)).toEqual(cut(b));
    expect(rows.flat()).toContain(null);
  });
});

describe("the GPU", () => {
  test("is read at most 16 times for 256 tokens, once for the first four", async () => {
    const model = gruNet();
    await all(generate(model, [1], { maxTokens: 2 }));
    for (const prompt of [[1, 2, 3], tensor([1, 2, 3], [3], "int32").add(tensor(0, [], "int32"))]) {
      const before = counters().readbacks;
      expect(await all(generate(model, prompt as number[], { maxTokens: 256 }))).toHaveLength(256);
      expect(counters().readbacks - before).toBeLessThanOrEqual(16);
      expect(counters().readbacks - before).toBeGreaterThan(8);
    }
  });

  test("compiles no shader for further calls, whatever the rules, the seed and the prompt", async () => {
    const model = gruNet();
    await all(generate(model, [1, 2], { maxTokens: 30, topK: 3 }));
    const before = counters();
    await all(generate(model, [3, 4, 5], { maxTokens: 30, topK: 5, temperature: 0.3 }));
    expect(counters().pipelinesCreated).toBe(before.pipelinesCreated);
  });

  test("holds what it held before: in the end, after a break, an error, an abort", async () => {
    const model = gruNet();
    const aborter = new AbortController();
    const runs: Readonly<Record<string, () => Promise<void>>> = {
      "in the end": async () => void (await all(generate(model, [1, 2], { maxTokens: 50 }))),
      "never begun": async () => void generate(model, [1, 2], { maxTokens: 50 }),
      "after a break": async () => {
        for await (const id of generate(model, [1, 2], { maxTokens: 100 })) {
          expect(memory().numTensors).toBeGreaterThan(model.weights.length);
          if (id >= 0) break;
        }
      },
      "after an error of the loop's": async () => {
        const failing = async (): Promise<void> => {
          for await (const _ of generate(model, [[1], [2]])) throw new RangeError("mine");
        };
        await expect(failing()).rejects.toThrow("mine");
      },
      "after an abort": async () => {
        const stream = generate(model, [1, 2], { signal: aborter.signal });
        await stream.next();
        aborter.abort(new Error("enough"));
        const error = await stream.next().catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(AbortError);
        expect(error).toMatchObject({ name: "AbortError", cause: new Error("enough") });
        expect(String(error)).toMatch(/generate: generation was aborted/);
        expect(await stream.next()).toEqual({ done: true, value: undefined });
      },
      "aborted before": async () => {
        await expect(all(generate(model, [1], { signal: aborter.signal }))).rejects.toThrow(
          AbortError,
        );
      },
    };
    for (const [name, run] of Object.entries(runs)) {
      await idle();
      const before = memory();
      await run();
      const { numTensors, numBytes } = before;
      expect(memory(), name).toMatchObject({ numTensors, numBytes });
      await idle(); // buffers go when the last run that was under way has ended
      expect(memory(), name).toEqual(before);
    }
  });
});

describe("errors", () => {
  test("of prompts name the id and its place", () => {
    const model = gruNet();
    expect(() => generate(model, [])).toThrow(ArgumentError);
    expect(() => generate(model, [])).toThrow("empty prompt");
    expect(() => generate(model, [[], []])).toThrow("empty prompt");
    expect(() => generate(model, [1, 2, V])).toThrow(/the id 11 at position 2.*0 to 10/);
    expect(() =>
      generate(model, [
        [1, 2],
        [3, -1],
      ]),
    ).toThrow(/the id -1 at position 1 of row 1/);
    expect(() => generate(model, [1, 2.5])).toThrow(/the id 2.5 at position 1/);
    expect(() => generate(model, [[1, 2], [3]])).toThrow(ShapeError);
    expect(() => generate(model, tensor([[[1]]]))).toThrow("[1,1,1]");
    expect(() => generate(model, { ids: 1 } as unknown as number[])).toThrow("{ ids }");
    const hot = make("one-hot rows");
    expect(() => generate(hot, [V])).toThrow(/0 to 10/);
  });

  test("of a prompt that is a tensor come with the first token", async () => {
    await expect(all(generate(gruNet(), tensor([1, 20])))).rejects.toThrow(
      /the id 20 at position 1/,
    );
  });

  test("of texts without a vocabulary, and the reverse", () => {
    const model = gruNet();
    expect(() => generate(model, "text", {} as never)).toThrow(/vocabulary/);
    expect(() => generate(model, [1], { vocabulary: characters("ab") })).toThrow(/leave the voc/);
    expect(() => generate(model, [1], { stop: "x" })).toThrow(/Give the vocabulary/);
    expect(() => generate(model, "", { vocabulary: characters("ab") })).toThrow("empty prompt");
  });

  test("of settings out of bounds", () => {
    const model = gruNet();
    for (const wrong of [
      { maxTokens: 0 },
      { maxTokens: 1.5 },
      { temperature: -1 },
      { temperature: Number.NaN },
      { topK: 0 },
      { topP: 0 },
      { topP: 1.1 },
      { minP: -0.1 },
      { seed: 0.5 },
      { window: 0 },
      { stop: 1.5 },
      { stop: [""] },
      { signal: {} },
      { maxLength: 3 },
    ]) {
      const [name = ""] = Object.keys(wrong);
      expect(() => generate(model, [1], wrong as GenerateConfig), name).toThrow(ArgumentError);
      expect(() => generate(model, [1], wrong as GenerateConfig)).toThrow(name);
    }
  });

  test("of models that cannot be their own input", () => {
    expect(() => generate({} as Model, [1])).toThrow(ArgumentError);
    const wide = kept(
      sequential({ layers: [start(), gru({ units: 3 }), dense({ units: V + 1 })] }),
    );
    expect(() => generate(wide, [1])).toThrow(/gives 12 logits and takes ids below 11/);
    const model = gruNet();
    model.dispose();
    expect(() => generate(model, [1])).toThrow(DisposedError);
  });

  test("logits that are not finite are reported where they came", async () => {
    const model = gruNet();
    const [last] = model.weights.slice(-1);
    await idle();
    const before = memory();
    last?.assign(tensor(Array.from({ length: V }, (_, i) => (i === 3 ? Number.NaN : 0))));
    await expect(all(generate(model, [1, 2]))).rejects.toThrow(NumericsError);
    await expect(all(generate(model, [1, 2]))).rejects.toThrow(/token 0 are not finite/);
    await expect(all(generate(model, [[1], [2]]))).rejects.toThrow(/token 0 of row 0/);
    await idle();
    expect(memory()).toEqual(before);
  });

  test("tokens up to the failing one are given", async () => {
    // The vector of one id is NaN: what comes after that id is not finite.
    const model = gruNet();
    const ids = await naive(model, [1, 2], 30);
    const poison = ids.find((id, i) => i > 0 && id > 2) ?? 0;
    const [vectors] = model.weights;
    const values = await (vectors as Tensor).data();
    values.fill(Number.NaN, poison * 5, poison * 5 + 5);
    vectors?.assign(tensor(values, [V, 5]));
    const seen: number[] = [];
    const run = async (): Promise<void> => {
      for await (const id of generate(model, [1, 2], { temperature: 0 })) seen.push(id);
    };
    await expect(run()).rejects.toThrow(NumericsError);
    expect(seen).toEqual(ids.slice(0, ids.indexOf(poison) + 1));
  });
});
