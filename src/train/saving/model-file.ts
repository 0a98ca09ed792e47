import { ArgumentError, FormatError } from "../../errors.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  type HostTensor,
  type StoredTensor,
  toHostTensor,
} from "../../formats/index.ts";
import type { Serialized } from "../../names/class-registry.ts";
import { type FitRecord, readFitRecord, writeFitRecord } from "./fit-record.ts";
import type { WeightFile } from "./match-weights.ts";
import type { TrainingRecord } from "./training-record.ts";

/** The version of what the metadata says; a file of a later one is refused. */
const VERSION = 1;

/** Everything of a model, on the host. Tensors are named by their place in it: `lstm_1/kernel`. */
export interface ModelFile {
  readonly topology: Serialized;
  readonly weights: readonly HostTensor[];
  /** What goes over from batch to batch and is no weight. */
  readonly states: readonly HostTensor[];
  /** What the optimizer keeps, under its names. */
  readonly optimizer: readonly HostTensor[];
  /** Totals of the epoch under way. */
  readonly figures: readonly HostTensor[];
  /** How training is done and where it stands; null: not saved. */
  readonly training: TrainingRecord | null;
  /** The `fit` that is under way, for a backup; null in other files. */
  readonly fit: FitRecord | null;
  /** Tensors of its callbacks: `0/best/3`. */
  readonly callbacks: readonly HostTensor[];
  /** What the user stored along. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Weights stand under their own names; everything else begins with a word that no layer begins with. */
const SECTIONS = {
  states: "/states/",
  optimizer: "/optimizer/",
  figures: "/figures/",
  callbacks: "/callbacks/",
} as const;

/**
 * The file of a model: one of the safetensors format, with the rest as JSON texts in its metadata.
 * @throws {ArgumentError} when a layer's name begins with "/".
 */
export function encodeModel(file: ModelFile): Uint8Array {
  const strange = file.weights.find(({ name }) => name.startsWith("/"));
  if (strange !== undefined) {
    throw new ArgumentError(
      `save: the weight "${strange.name}" has a name that begins with "/", which marks what is no weight in a file. ` +
        "Expected layers with other names.",
    );
  }
  const sections = Object.entries(SECTIONS).flatMap(([key, prefix]) =>
    file[key as keyof typeof SECTIONS].map((one) => ({ ...one, name: prefix + one.name })),
  );
  const metadata: Record<string, string> = {
    ...weightMetadata(file.weights),
    model: JSON.stringify(file.topology),
    metadata: JSON.stringify(file.metadata),
  };
  if (file.training !== null) metadata.training = JSON.stringify(file.training);
  if (file.fit !== null) metadata.fit = writeFitRecord(file.fit);
  return encodeSafetensors([...file.weights, ...sections], metadata);
}

/** The file of weights alone. */
export function encodeWeights(weights: readonly HostTensor[]): Uint8Array {
  return encodeSafetensors(weights, weightMetadata(weights));
}

/** The format sorts tensors; their order in the model is noted beside them. */
function weightMetadata(weights: readonly HostTensor[]): Record<string, string> {
  const order = JSON.stringify(weights.map(({ name }) => name));
  return { format: "sluice", version: String(VERSION), order };
}

/**
 * Opens the file of a model. Every rule of the format and the form of what the metadata says is checked; whether it
 * makes a model is for the reader to find out.
 * @throws {FormatError} naming `source` and what is wrong.
 */
export function decodeModel(bytes: Uint8Array, source: string): ModelFile {
  const { tensors, metadata } = decodeSafetensors(bytes, { source });
  const topology = metadata.get("model");
  if (topology === undefined) {
    throw new FormatError(
      `${source}: holds tensors, but no model (its metadata has no entry "model"). Expected a file that model.save ` +
        "wrote; for weights alone make the model, and call model.loadWeights(source).",
    );
  }
  checkVersion(metadata.get("version"), source);
  const named = [...tensors.values()];
  const section = (prefix: string): HostTensor[] =>
    named
      .filter(({ name }) => name.startsWith(prefix))
      .map((one) => ({ ...toHostTensor(one, { source }), name: one.name.slice(prefix.length) }));
  const training = metadata.get("training");
  const fit = metadata.get("fit");
  return {
    topology: objectOf(topology, `${source}: model`) as unknown as Serialized,
    weights: weightsOf(named, source),
    states: section(SECTIONS.states),
    optimizer: section(SECTIONS.optimizer),
    figures: section(SECTIONS.figures),
    callbacks: section(SECTIONS.callbacks),
    fit: fit === undefined ? null : readFitRecord(fit, source),
    training:
      training === undefined
        ? null
        : (objectOf(training, `${source}: training`) as unknown as TrainingRecord),
    metadata: objectOf(metadata.get("metadata") ?? "{}", `${source}: metadata`),
  };
}

/**
 * The weights of a file, of a model or not.
 * @throws {FormatError} as `decodeModel` does.
 */
export function decodeWeights(bytes: Uint8Array, source: string): WeightFile {
  const { tensors, metadata } = decodeSafetensors(bytes, { source });
  const order = metadata.get("order");
  const names = order === undefined ? null : jsonOf(order, `${source}: order`);
  return {
    source,
    weights: weightsOf([...tensors.values()], source),
    order: Array.isArray(names) ? names.map(String) : null,
  };
}

function weightsOf(tensors: readonly StoredTensor[], source: string): HostTensor[] {
  return tensors
    .filter(({ name }) => !name.startsWith("/"))
    .map((one) => toHostTensor(one, { source }));
}

function checkVersion(version: string | undefined, source: string): void {
  if (version === undefined || version === String(VERSION)) return;
  throw new FormatError(
    `${source}: received version ${JSON.stringify(version)} of the model file. Expected ${VERSION}; a newer sluice ` +
      "may have written it.",
  );
}

/** JSON text as an object. */
function objectOf(text: string, label: string): Record<string, unknown> {
  const value = jsonOf(text, label);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new FormatError(`${label}: received JSON of another kind. Expected an object.`);
}

function jsonOf(text: string, label: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${label}: received no JSON.`, { cause });
  }
}
