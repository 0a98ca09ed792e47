import { ArgumentError, ShapeError } from "../../errors.ts";
import { formatShape } from "../../graph/shape.ts";
import { expandDims, type Tensor } from "../../tensor/index.ts";
import { isByName, type ModelData, type Port, tensorsFor } from "../batches/data.ts";
import type { Model } from "../model.ts";
import type { Prompt } from "./prompt.ts";

/** What a model reads beside the tokens. */
export interface OtherInputs {
  /** Which of the model's inputs takes the tokens. */
  readonly input: number;
  /** Data of the other ones, in their order, [B, …] each. */
  readonly tensors: readonly Tensor[];
}

/**
 * Data for the inputs of a model but the one of the tokens: that is the one that an object leaves out, else the last one.
 * @param given As `predict` takes data, without the tokens; beside one prompt that is no batch also without the batch.
 * @throws {ArgumentError} for too few, too many or unknown ones.
 * @throws {ShapeError} for shapes that fit neither the model nor the prompts.
 */
export function otherInputs(
  label: string,
  model: Model,
  { given, prompt }: { readonly given: ModelData | null; readonly prompt: Prompt },
): OtherInputs {
  const { ports } = model;
  if (given === null && ports.length <= 1) return { input: 0, tensors: [] };
  const what = `${label}: inputs`;
  const input = given === null ? null : tokenInput(given, ports);
  if (given === null || input === null || ports.length <= 1) {
    throw wrongCount(label, { model, ports, given });
  }
  const others = ports.filter((_, i) => i !== input);
  const anyShape = others.map(({ name }) => ({ name, shape: null }));
  const batched = tensorsFor(what, given, anyShape).map((tensor, i) => {
    const isOne = prompt.isSingle && tensor.rank + 1 === others[i]?.shape?.length;
    return isOne ? expandDims(tensor, 0) : tensor;
  });
  const tensors = tensorsFor(what, batched, others);
  for (const [i, { shape }] of tensors.entries()) {
    checkRows(what, { shape, port: others[i], prompt });
  }
  return { input, tensors };
}

/** Where the tokens go; null where that is not clear. */
function tokenInput(given: ModelData, ports: readonly Port[]): number | null {
  if (!isByName(given) || Object.keys(given).length === 0) return ports.length - 1;
  const names = ports.map(({ name }) => name);
  const left = names.filter((name) => !Object.hasOwn(given, name));
  const isKnown = Object.keys(given).every((name) => names.includes(name));
  return isKnown && left.length === 1 ? names.indexOf(left[0] ?? "") : null;
}

interface Misfit {
  readonly model: Model;
  readonly ports: readonly Port[];
  readonly given: ModelData | null;
}

function wrongCount(label: string, { model, ports, given }: Misfit): ArgumentError {
  const names = ports.map(({ name }) => name).join(", ");
  if (ports.length <= 1) {
    return new ArgumentError(
      `${label}: received inputs for ${model.name}, which has one input, that of the tokens. Expected none.`,
    );
  }
  const received =
    given === null ? "no data for the others" : `inputs for ${Object.keys(given).join(", ")}`;
  return new ArgumentError(
    `${label}: ${model.name} has the inputs ${names}, one of them for the tokens, and received ${received}. Expected ` +
      `${ports.length - 1}: ${label}(model, prompt, { inputs }) with a tensor, a list in their order where the tokens ` +
      "are the last, or an object by name that leaves the tokens out.",
    { details: { names: ports.map(({ name }) => name) } },
  );
}

/** @throws {ShapeError} unless there is a row for each prompt. */
function checkRows(
  what: string,
  { shape, port, prompt }: { shape: readonly number[]; port: Port | undefined; prompt: Prompt },
): void {
  if (shape[0] === prompt.batch) return;
  throw new ShapeError(
    `${what}: received shape ${formatShape(shape)} for "${port?.name}" and ${prompt.batch} ` +
      `${prompt.batch === 1 ? "prompt" : "prompts"}. Expected as many rows as prompts: a batch of prompts is ` +
      "[[1], [1]], one for each.",
    { details: { received: shape, prompts: prompt.batch } },
  );
}
