import { FormatError } from "../../errors.ts";
import type { HostTensor } from "../../formats/index.ts";
import { formatShape, shapesEqual } from "../../graph/shape.ts";
import { scope, tensor, type Variable } from "../../tensor/index.ts";

/** Which weights of a file are loaded. */
export interface LoadWeightsConfig {
  /**
   * Whether only weights whose names (`lstm_1/kernel`) are in the file are loaded and all others stay, as for layers that
   * were trained elsewhere. Default false: the file has to hold all weights of the model, and no others.
   */
  readonly byName?: boolean;
  /** With `byName`: whether weights of another shape are passed over instead of being an error. Default false. */
  readonly skipMismatch?: boolean;
}

/** Weights of a file. */
export interface WeightFile {
  /** For messages. */
  readonly source: string;
  readonly weights: readonly HostTensor[];
  /** Names in the order of the model that was saved; null: not known. */
  readonly order: readonly string[] | null;
}

/** What is loaded where. */
export type Matched = readonly (readonly [Variable, HostTensor])[];

/** Gives the variables their content, all at once. */
export function writeMatched(label: string, matched: Matched): void {
  scope(`${label}/loadWeights`, () => {
    for (const [variable, { data, shape }] of matched) {
      variable.assign(tensor(data, shape, variable.dtype));
    }
  });
}

/**
 * Finds the weights of a model in a file: by their names, or, where layers got other automatic names than those that
 * were saved, by their order.
 * @throws {FormatError} naming what is missing, what is left over, or which shape differs.
 */
export function matchWeights(
  file: WeightFile,
  weights: ReadonlyMap<string, Variable>,
  { byName = false, skipMismatch = false }: LoadWeightsConfig,
): Matched {
  const stored = new Map(file.weights.map((one) => [one.name, one]));
  const pairs = [...weights].flatMap(([path, variable]) => {
    const found = stored.get(path);
    return found === undefined ? [] : [[variable, found] as const];
  });
  if (byName) {
    if (pairs.length === 0) throw nothingFits(file, weights);
    return pairs.filter(([variable, found]) => fits(file, variable, found, skipMismatch));
  }
  const isComplete = pairs.length === weights.size && stored.size === weights.size;
  const matched = isComplete ? pairs : inOrder(file, stored, weights);
  if (matched === null) throw differs(file, stored, weights);
  for (const [variable, found] of matched) fits(file, variable, found, false);
  return matched;
}

/** A model, as its file sees it. */
interface Matchable {
  weightsByPath(): ReadonlyMap<string, Variable>;
  statesByPath(): ReadonlyMap<string, Variable>;
}

/**
 * Finds weights and states of a model in its file.
 * @throws {FormatError} as `matchWeights` does.
 */
export function matchModel(
  file: { readonly weights: readonly HostTensor[]; readonly states: readonly HostTensor[] },
  model: Matchable,
  source: string,
): Matched {
  const { weights, states } = file;
  return [
    ...matchWeights({ source, weights, order: null }, model.weightsByPath(), {}),
    ...matchWeights({ source, weights: states, order: null }, model.statesByPath(), {}),
  ];
}

/** Pairs by place, where each pair has the same last word and shape; else null. */
function inOrder(
  { order }: WeightFile,
  stored: ReadonlyMap<string, HostTensor>,
  weights: ReadonlyMap<string, Variable>,
): Matched | null {
  if (order === null || order.length !== weights.size || stored.size !== weights.size) return null;
  const pairs: (readonly [Variable, HostTensor])[] = [];
  for (const [i, [path, variable]] of [...weights].entries()) {
    const name = order[i] ?? "";
    const found = stored.get(name);
    if (found === undefined || lastWord(name) !== lastWord(path)) return null;
    if (!shapesEqual(found.shape, variable.shape)) return null;
    pairs.push([variable, found]);
  }
  return pairs;
}

function lastWord(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function fits(
  { source }: WeightFile,
  variable: Variable,
  found: HostTensor,
  skipMismatch: boolean,
): boolean {
  // What a file holds as halves comes as float32, see toHostTensor.
  const dtype = variable.dtype === "float16" ? "float32" : variable.dtype;
  const isFit = shapesEqual(found.shape, variable.shape) && found.dtype === dtype;
  if (isFit || skipMismatch) return isFit;
  throw new FormatError(
    `${source}: "${found.name}" is ${found.dtype} ${formatShape(found.shape)}. Expected ${variable.dtype} ` +
      `${formatShape(variable.shape)}, for the weight "${variable.name}" of the model.`,
    { details: { name: found.name, received: found.shape, expected: variable.shape } },
  );
}

function differs(
  { source }: WeightFile,
  stored: ReadonlyMap<string, HostTensor>,
  weights: ReadonlyMap<string, Variable>,
): FormatError {
  const missing = [...weights.keys()].filter((path) => !stored.has(path));
  const more = [...stored.keys()].filter((name) => !weights.has(name));
  return new FormatError(
    `${source}: the weights are not those of the model. Missing: ${list(missing)}. Of no use: ${list(more)}. Expected ` +
      "all weights of the model and no others; { byName: true } loads those whose names agree.",
    { details: { missing, more } },
  );
}

function nothingFits(
  { source, weights: stored }: WeightFile,
  weights: ReadonlyMap<string, Variable>,
): FormatError {
  const names = stored.map(({ name }) => name);
  return new FormatError(
    `${source}: no name is that of a weight of the model. Received ${list(names)}. Expected some of ` +
      `${list([...weights.keys()])}; give layers the names that they had when they were saved.`,
  );
}

function list(names: readonly string[]): string {
  if (names.length === 0) return "none";
  const shown = names.slice(0, 6).join(", ");
  return names.length > 6 ? `${shown} and ${names.length - 6} more` : shown;
}
