import { ArgumentError, DTypeError, ShapeError } from "../../errors.ts";
import { formatShape } from "../../graph/shape.ts";
import { describeValue } from "../../names/describe.ts";
import { Tensor, toTensor } from "../../tensor/index.ts";
import type { TextCodec } from "./settings.ts";

/** Ids of one prompt, or of a batch of prompts of one length. */
export type PromptIds =
  | readonly number[]
  | Int32Array
  | Float32Array
  | readonly (readonly number[])[]
  | Tensor;

/** A prompt as ids on the host. */
export interface Prompt {
  /** Row after row. */
  readonly ids: Int32Array;
  readonly batch: number;
  /** Tokens of a row. */
  readonly time: number;
  /** It was one prompt, not a batch of them. */
  readonly isSingle: boolean;
}

/**
 * The ids of a text.
 * @throws {ArgumentError} without a vocabulary, and for an empty text.
 */
export function textPrompt(
  label: string,
  text: string,
  vocabulary: TextCodec | null | undefined,
): Prompt {
  const isCodec =
    typeof vocabulary?.encode === "function" && typeof vocabulary.decode === "function";
  if (!isCodec) {
    throw new ArgumentError(
      `${label}: received a text as prompt and ${describeValue(vocabulary)} as vocabulary. Expected the vocabulary that ` +
        "the model was trained with, such as sl.data.characters gives: { vocabulary }.",
    );
  }
  const ids = Int32Array.from(vocabulary.encode(text));
  return checkedPrompt(label, { ids, shape: [ids.length] });
}

/**
 * Ids that lie on the host, at once; of a tensor by way of the promise.
 * @throws {ArgumentError | ShapeError | DTypeError} for what are no ids, for rows of different length, and for none.
 */
export function idPrompt(label: string, given: PromptIds): Prompt | Promise<Prompt> {
  if (!(given instanceof Tensor) && !Array.isArray(given) && !ArrayBuffer.isView(given)) {
    throw new ArgumentError(
      `${label}: received ${describeValue(given)} as prompt. Expected ids ([3, 1, 4], a list of such lists, a tensor [T] ` +
        "or [B, T]), or a text beside { vocabulary }.",
    );
  }
  if (Array.isArray(given)) checkRows(label, given);
  if (given instanceof Tensor && given.dtype === "bool") {
    throw new DTypeError(
      `${label}: received a bool tensor as prompt. Expected ids, int32 or whole numbers in float32; cast makes 0 and 1 of it.`,
      { details: { dtype: given.dtype } },
    );
  }
  // int32 would cut off fractions in silence.
  const tensor = given instanceof Tensor ? given : toTensor(given as number[], label, "float32");
  const { shape } = tensor;
  checkShape(label, shape);
  const check = (ids: ArrayLike<number>): Prompt => checkedPrompt(label, { ids, shape });
  if (given instanceof Tensor) return tensor.data().then(check);
  return check((given as number[] | number[][]).length === 0 ? [] : flat(given));
}

/** What is no batch of ids, in words that say what to do instead; the rest is for `toTensor` to find. */
function checkRows(label: string, rows: readonly unknown[]): void {
  if (typeof rows[0] === "string") {
    throw new ArgumentError(
      `${label}: received a list of texts as prompt. Expected one text; call ${label} for each of several.`,
    );
  }
  if (!rows.every((row) => Array.isArray(row))) return;
  const lengths = rows.map((row) => row.length);
  const other = lengths.find((length) => length !== lengths[0]);
  if (other === undefined) return;
  throw new ShapeError(
    `${label}: received prompts of ${lengths[0]} and ${other} tokens in a batch. Expected prompts of one length; call ` +
      `${label} for each of several.`,
    { details: { lengths } },
  );
}

function flat(given: Exclude<PromptIds, Tensor>): number[] {
  return [...given].flat() as number[];
}

function checkShape(label: string, shape: readonly number[]): void {
  if (shape.length === 1 || shape.length === 2) return;
  throw new ShapeError(
    `${label}: received a prompt of shape ${formatShape(shape)}. Expected ids: [T], or [B, T] for a batch.`,
    { details: { received: shape } },
  );
}

function checkedPrompt(
  label: string,
  { ids, shape }: { ids: ArrayLike<number>; shape: readonly number[] },
): Prompt {
  const isSingle = shape.length === 1;
  const [batch = 1, time = 0] = isSingle ? [1, ...shape] : shape;
  if (ids.length === 0) {
    throw new ArgumentError(
      `${label}: received an empty prompt. Expected at least one token: the model continues it. To begin from nothing, ` +
        "give the token that texts began with in training (a line break, say).",
    );
  }
  for (let i = 0; i < ids.length; i++) {
    if (!Number.isInteger(ids[i])) throw wrongId(label, { ids, time, isSingle }, { i, most: null });
  }
  return { ids: Int32Array.from(ids), batch, time, isSingle };
}

/** Ids as they stand in rows. */
interface IdRows {
  readonly ids: ArrayLike<number>;
  /** Ids of a row. */
  readonly time: number;
  readonly isSingle: boolean;
  /** What they are part of, in messages. Default "the prompt". */
  readonly what?: string;
}

/** @throws {ArgumentError} for an id that the model does not know, saying where it stands. */
export function checkIds(label: string, rows: IdRows, size: number | null): void {
  const { ids } = rows;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] ?? -1;
    if (Number.isInteger(id) && id >= 0 && (size === null || id < size)) continue;
    throw wrongId(label, rows, { i, most: size === null ? null : size - 1 });
  }
}

function wrongId(
  label: string,
  { ids, time, isSingle, what = "the prompt" }: IdRows,
  { i, most }: { readonly i: number; readonly most: number | null },
): ArgumentError {
  const [row, position] = [Math.floor(i / time), i % time];
  const place = `position ${position}${isSingle ? "" : ` of row ${row}`}`;
  return new ArgumentError(
    `${label}: received the id ${ids[i]} at ${place} of ${what}. Expected whole numbers from 0 ` +
      `${most === null ? "on" : `to ${most}, the ids that the model knows`}.`,
    { details: { id: ids[i], position, row } },
  );
}
