import { describe, expect, test } from "vitest";
import { FormatError } from "../../../src/errors.ts";
import { encodeSafetensors } from "../../../src/formats/index.ts";
import { layers } from "../../../src/layers/index.ts";
import { idle, memory } from "../../../src/tensor/index.ts";
import { loadLayersModel, sequential } from "../../../src/train/index.ts";
import { kept } from "../support.ts";

describe("files that are no models", () => {
  const config = { name: "m", trainable: true, layers: [] as unknown[] };
  const dense = (more: object): object => ({
    className: "Dense",
    config: { name: "d", units: 1, batchInputShape: [null, 2], ...more },
  });
  const weights = [
    { name: "d/kernel", dtype: "float32", shape: [2, 1], data: new Float32Array(2) },
    { name: "d/bias", dtype: "float32", shape: [1], data: new Float32Array(1) },
  ] as const;
  const file = (model: unknown, metadata: Record<string, string> = {}): Uint8Array =>
    encodeSafetensors([...weights], {
      model: typeof model === "string" ? model : JSON.stringify(model),
      ...metadata,
    });
  const sequentialOf = (...list: unknown[]): object => ({
    className: "Sequential",
    config: { ...config, layers: list },
  });
  const good = sequentialOf(dense({}));

  test("the one that all others are made from is a model", async () => {
    kept(await loadLayersModel(file(good)));
  });

  /** As text: JSON.stringify goes no deeper than the stack. */
  const deep = (levels: number): string => {
    const open = '{"className":"TimeDistributed","config":{"layer":'.repeat(levels);
    const text = `${open}${JSON.stringify(dense({}))}${"}}".repeat(levels)}`;
    return JSON.stringify(sequentialOf("?")).replace('"?"', () => text);
  };
  const bad: [string, () => Uint8Array, string][] = [
    ["no safetensors", () => new Uint8Array([1, 2, 3]), ""],
    ["weights alone", () => encodeSafetensors([...weights]), "holds tensors, but no model"],
    ["no JSON", () => file("{"), "received no JSON"],
    ["a list", () => file("[1]"), "JSON of another kind"],
    ["no class", () => file({}), "Expected { className, config }"],
    ["an unknown class", () => file({ className: "Sequentiel", config }), "registerClass"],
    ["an unknown layer", () => file(sequentialOf({ className: "Eval", config: {} })), '"Eval"'],
    ["a class of Object", () => file({ className: "constructor", config }), "no class"],
    ["a layer as model", () => file(dense({})), "holds a Dense"],
    [
      "layers that are no list",
      () => file({ className: "Sequential", config: { layers: 5 } }),
      "5",
    ],
    ["a layer that is null", () => file(sequentialOf(null)), "null"],
    ["an unknown option", () => file(sequentialOf(dense({ unitz: 1 }))), "unitz"],
    ["a wrong option", () => file(sequentialOf(dense({ units: "1" }))), "units"],
    ["more weights than there are", () => file(sequentialOf(dense({ units: 1e9 }))), "more than"],
    ["weights beyond counting", () => file(sequentialOf(dense({ units: 1e300 }))), ""],
    [
      "fewer weights than there are",
      () => file(sequentialOf(dense({ useBias: false }))),
      "Of no use: d/bias",
    ],
    [
      "states beyond the file",
      () =>
        file(
          sequentialOf({
            className: "SimpleRNN",
            config: {
              name: "d",
              units: 1,
              useBias: false,
              stateful: true,
              batchInputShape: [1e9, 2, 1],
            },
          }),
        ),
      "more than",
    ],
    ["too deep", () => file(deep(20_000)), ""],
    ["a newer version", () => file(good, { version: "2" }), "version"],
    [
      "a state that is none",
      () => file(good, { training: '{"state":{"position":{"seed":1.5}}}' }),
      "seed",
    ],
    [
      "a loss of an unknown class: the model without it is one setting away",
      () =>
        file(good, {
          training: JSON.stringify({
            optimizer: { className: "SGD", config: {} },
            judge: { loss: [{ className: "Nope", config: {} }] },
            state: {},
          }),
        }),
      "registerClass. To load layers and weights alone: { compile: false }.",
    ],
    [
      "metadata that is a model of weights that are not there",
      () =>
        file(good, {
          metadata: JSON.stringify({
            a: {
              $class: "Sequential",
              config: (sequentialOf(dense({ units: 1e8 })) as { config: object }).config,
            },
          }),
        }),
      "more than",
    ],
    [
      "metadata of an unknown class",
      () => file(good, { metadata: '{"a":{"$class":"Nope"}}' }),
      "registerClass",
    ],
  ];

  test.each(bad)("%s: FormatError, and nothing stays", async (_what, make, message) => {
    await idle();
    const before = memory();
    const error = await loadLayersModel(make()).then(
      () => null,
      (cause: unknown) => cause,
    );
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).toContain(message);
    await idle();
    expect(memory()).toEqual(before);
  });

  test("a name from the prototype is a name", async () => {
    const net = kept(
      sequential({ layers: [layers.dense({ units: 1, inputShape: [2], name: "__proto__" })] }),
    );
    const again = kept(await loadLayersModel(await net.save()));
    expect(again.getLayer("__proto__").weights.map(({ name }) => name)).toEqual([
      "__proto__/kernel",
      "__proto__/bias",
    ]);
  });
});
