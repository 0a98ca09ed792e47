import { ArgumentError } from "../errors.ts";
import type { Serialized } from "../names/class-registry.ts";
import type { OutputCount } from "./layer-types.ts";
import { Recurrence } from "./recurrence.ts";
import { deserializeLayer } from "./serialize.ts";

/**
 * The recurrent layer that the config of a layer around it describes.
 * @throws {ArgumentError} for what is no layer, and for one that is not recurrent.
 */
export function describedRecurrence(
  described: Recurrence<OutputCount> | Serialized,
  name: string,
): Recurrence<OutputCount> {
  const layer = deserializeLayer(described);
  if (layer instanceof Recurrence) return layer;
  throw new ArgumentError(
    `${name}: received a ${layer.getClassName()} layer. Expected a recurrent one: simpleRNN, lstm, gru or rnn.`,
  );
}
