import { describe, expect, test } from "vitest";
import { characters } from "../../../src/data/index.ts";
import {
  AbortError,
  ArgumentError,
  DisposedError,
  DTypeError,
  NumericsError,
  ShapeError,
} from "../../../src/errors.ts";
import { layers } from "../../../src/layers/index.ts";
import { counters, idle, memory, type Tensor, tensor } from "../../../src/tensor/index.ts";
import { type GenerateConfig, generate, type Model, sequential } from "../../../src/train/index.ts";
import { kept } from "../support.ts";
import { all, gruNet, make, naive, start, V } from "./token-models.ts";

const { dense, gru } = layers;

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
    expect(() => generate(model, [[1, 2], [3]])).toThrow(
      /of 2 and 1 tokens.*prompts of one length/,
    );
    expect(() => generate(model, ["a"] as unknown as number[])).toThrow(/list of texts.*one text/);
    expect(() => generate(model, tensor([[[1]]]))).toThrow("[1,1,1]");
    expect(() => generate(model, { ids: 1 } as unknown as number[])).toThrow("{ ids }");
    const hot = make("one-hot rows");
    expect(() => generate(hot, [V])).toThrow(/0 to 10/);
  });

  test("bool is no dtype of ids", () => {
    const bools = tensor([[true, false]], [1, 2], "bool");
    expect(() => generate(gruNet(), bools)).toThrow(DTypeError);
    expect(() => generate(gruNet(), bools)).toThrow(/bool tensor as prompt.*Expected ids/);
    expect(() => generate(gruNet(), [true] as unknown as number[])).toThrow(/the id true/);
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
    const texts = ["a", "b"] as unknown as number[];
    const options = { vocabulary: characters("ab") };
    expect(() => generate(model, texts, options)).toThrow(/list of 2 as prompt. Expected one text/);
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
