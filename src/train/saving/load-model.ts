import { FormatError, SluiceError } from "../../errors.ts";
import { openStore, type StoreTarget } from "../../formats/index.ts";
import { registerLayers } from "../../layers/index.ts";
import type { OutputCount } from "../../layers/layer-types.ts";
import { type Built, withinBudget } from "../../layers/weight-budget.ts";
import { checkKeys } from "../../names/check-keys.ts";
import { deserialize, type Serialized } from "../../names/class-registry.ts";
import { describeValue } from "../../names/describe.ts";
import { Model } from "../model.ts";
import { decodeModel, type ModelFile } from "./model-file.ts";

/** What `loadLayersModel` takes besides the source. */
export interface LoadConfig {
  /** Whether training can go on: whether what `compile` was told and the state of training are taken up. Default true. */
  readonly compile?: boolean;
}

/**
 * Makes the model that `model.save` wrote, with its weights, and, where they were saved, optimizer and state of
 * training: `fit({ epochs: 10, initialEpoch: 5 })` then goes on after epoch 5 as if there had been no break.
 *
 * A file is data: nothing in it runs. Classes of one's own have to be made known with `serialization.registerClass`
 * before. A loss or metric that is a plain function is not in the file; the model comes uncompiled then, and
 * `compile({ loss })` goes on with the optimizer that was saved.
 *
 * Counterpart of `tf.loadLayersModel` and `keras.saving.load_model`.
 *
 * @example
 * const net = await sl.loadLayersModel("forecast.safetensors");
 * console.log(await net.predict(sl.zeros([1, 10, 1])).data());
 *
 * @param source As in `model.save`; also http(s) and blob URLs, a `Blob`, `File`, `ArrayBuffer` or `Uint8Array`.
 * @returns The model; for one with a list of outputs write `loadLayersModel<"many">`.
 * @throws {FormatError} when the file is damaged, or does not describe a model; nothing stays allocated.
 * @throws {StoreError} when there is no such file, or it cannot be read.
 */
export async function loadLayersModel<Count extends OutputCount = "one">(
  source: StoreTarget,
  config: LoadConfig = {},
): Promise<Model<Count>> {
  checkKeys("loadLayersModel", config, { compile: "boolean" });
  const store = openStore(source);
  const file = decodeModel(await store.read(), store.name);
  const { result: model, discard } = buildModel(file, store.name);
  try {
    model.restore(file, { source: store.name, compile: config.compile ?? true });
    return model as unknown as Model<Count>;
  } catch (error) {
    model.dispose();
    discard();
    throw explained(store.name, error);
  }
}

/**
 * A new model of the layers that `model.toJSON` wrote down; its weights are new, too.
 *
 * Counterpart of `tf.models.modelFromJSON` and `keras.models.model_from_json`.
 *
 * @example
 * const again = sl.modelFromJSON(net.toJSON());
 *
 * @throws {FormatError} for what describes no model.
 */
export function modelFromJSON<Count extends OutputCount = "one">(
  json: string | object,
): Model<Count> {
  let described: unknown = json;
  try {
    if (typeof json === "string") described = JSON.parse(json);
  } catch (cause) {
    throw new FormatError("modelFromJSON: received no JSON.", { cause });
  }
  return makeModel("modelFromJSON", described) as unknown as Model<Count>;
}

function buildModel({ topology, weights, states }: ModelFile, source: string): Built<Model> {
  const elements = [...weights, ...states].reduce((sum, { data }) => sum + data.length, 0);
  return withinBudget(elements, () => makeModel(source, topology));
}

function makeModel(source: string, described: unknown): Model {
  registerLayers();
  const { className, config } = (described ?? {}) as Partial<Serialized>;
  if (typeof className !== "string" || typeof config !== "object" || config === null) {
    throw new FormatError(
      `${source}: received ${describeValue(described)} as model. Expected { className, config }.`,
    );
  }
  let made: unknown;
  try {
    made = deserialize({ className, config }, "model");
  } catch (error) {
    throw explained(source, error);
  }
  if (made instanceof Model) return made;
  throw new FormatError(`${source}: holds a ${className}. Expected a model.`);
}

/** A file may say anything: whatever fails while it is read is the file's fault, and named so. */
function explained(source: string, cause: unknown): unknown {
  if (cause instanceof FormatError && cause.message.startsWith(source)) return cause;
  const isOurs = cause instanceof SluiceError || cause instanceof TypeError;
  const isTooDeep = cause instanceof RangeError;
  if (!isOurs && !isTooDeep) return cause;
  return new FormatError(`${source}: ${cause.message}`, { cause });
}
