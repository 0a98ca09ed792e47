import { ArgumentError, ShapeError } from "../../errors.ts";
import { formatShape } from "../../graph/shape.ts";
import { expandDims, keep, Tensor } from "../../tensor/index.ts";
import { isByName, type ModelData, type Port, tensorsFor } from "../batches/data.ts";
import type { Model } from "../model.ts";
import { checkIds, type Prompt } from "./prompt.ts";
import { idsBelow, stepLayers } from "./step-layers.ts";

/**
 * What a model reads beside the tokens. It holds handles of its own until `dispose`: what was given may end, or change,
 * as soon as it was taken.
 */
export class OtherInputs {
  /** Which of the model's inputs takes the tokens: the one that an object leaves out, else the last one. */
  readonly input: number;
  readonly #what: string;
  readonly #ports: readonly Port[];
  readonly #tensors: Tensor[];

  /**
   * @param given As `predict` takes data, without the tokens.
   * @throws {ArgumentError} for too few, too many or unknown ones, and for ids that the model does not know.
   * @throws {DTypeError | ShapeError} for what is no tensor.
   */
  constructor(label: string, model: Model, given: ModelData | null) {
    const { ports } = model;
    const input = given === null ? null : tokenInput(given, ports);
    const isAlone = given === null && ports.length <= 1;
    if (!isAlone && (given === null || input === null || ports.length <= 1)) {
      throw wrongInputs(label, { model, ports, given });
    }
    this.input = input ?? 0;
    this.#what = `${label}: inputs`;
    this.#ports = isAlone ? [] : ports.filter((_, i) => i !== input);
    const anyShape = this.#ports.map(({ name }) => ({ name, shape: null }));
    const tensors = isAlone ? [] : tensorsFor(this.#what, given as ModelData, anyShape);
    for (const [i, tensor] of tensors.entries()) {
      const { name } = this.#ports[i] ?? { name: "" };
      if (tensor.size === 0) throw empty(this.#what, name, tensor.shape);
      const symbol = model.inputs.find((one) => one.name === name) ?? null;
      checkHostIds(label, { tensor, name, size: idsBelow(stepLayers(model, symbol).slice(0, 1)) });
    }
    this.#tensors = tensors.map(({ value }) => keep(Tensor.of(value)));
  }

  /**
   * The data in the order of the inputs, [B, …] each. Beside one prompt that is no batch one sample may come without the
   * batch.
   * @throws {ShapeError} for shapes that fit neither the model nor the prompts.
   */
  beside(prompt: Prompt): readonly Tensor[] {
    for (const [i, tensor] of this.#tensors.entries()) {
      if (!prompt.isSingle || tensor.rank + 1 !== this.#ports[i]?.shape?.length) continue;
      this.#tensors[i] = keep(expandDims(tensor, 0));
      tensor.dispose();
    }
    if (this.#tensors.length > 0) tensorsFor(this.#what, this.#tensors, this.#ports); // checks the shapes
    for (const [i, { shape }] of this.#tensors.entries()) {
      if (shape[0] === prompt.batch) continue;
      throw new ShapeError(
        `${this.#what}: received shape ${formatShape(shape)} for "${this.#ports[i]?.name}" and ${prompt.batch} ` +
          `${prompt.batch === 1 ? "prompt" : "prompts"}. Expected as many rows as prompts: a batch of prompts is ` +
          "[[1], [1]], one for each.",
        { details: { received: shape, prompts: prompt.batch } },
      );
    }
    return this.#tensors;
  }

  dispose(): void {
    for (const one of this.#tensors.splice(0)) one.dispose();
  }
}

/** Where the tokens go; null where that is not clear. */
function tokenInput(given: ModelData, ports: readonly Port[]): number | null {
  // A promise or a data set is no object by name; what takes data says so.
  const isOther = given instanceof Promise || Symbol.asyncIterator in Object(given);
  if (isOther || !isByName(given)) return ports.length - 1;
  const left = ports.filter(({ name }) => given[name] === undefined);
  const isKnown = Object.keys(given).every((key) => ports.some(({ name }) => name === key));
  return isKnown && left.length === 1 && left[0] ? ports.indexOf(left[0]) : null;
}

interface Misfit {
  readonly model: Model;
  readonly ports: readonly Port[];
  readonly given: ModelData | null;
}

function wrongInputs(label: string, { model, ports, given }: Misfit): ArgumentError {
  const names = ports.map(({ name }) => name);
  if (ports.length <= 1) {
    return new ArgumentError(
      `${label}: received inputs for ${model.name}, which has one input, that of the tokens. Expected none.`,
    );
  }
  const keys = Object.keys(given ?? {});
  const received =
    given === null ? "no data for the others" : `data for ${keys.join(", ") || "no name"}`;
  return new ArgumentError(
    `${label}: ${model.name} has the inputs ${names.join(", ")}, one of them for the tokens, and received ${received}. ` +
      `Expected data for ${names.length - 1}: ${label}(model, prompt, { inputs }) with a tensor, a list in their order ` +
      "where the tokens are the last, or an object by name that leaves the tokens out.",
    { details: { names } },
  );
}

function empty(what: string, name: string, shape: readonly number[]): ArgumentError {
  return new ArgumentError(
    `${what}: received shape ${formatShape(shape)} for "${name}". Expected one step at least.`,
    { details: { received: shape } },
  );
}

/** @throws {ArgumentError} for an id that an embedding does not know, where the data are on the host. */
function checkHostIds(
  label: string,
  { tensor, name, size }: { tensor: Tensor; name: string; size: number | null },
): void {
  const { source } = tensor.value.node;
  if (size === null || source?.kind !== "host") return;
  const [time = 1, batch = 1] = [...tensor.shape].reverse();
  const ids = { ids: source.data, time, isSingle: batch === 1, what: `inputs "${name}"` };
  checkIds(label, ids, size);
}
