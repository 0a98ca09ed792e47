import { ArgumentError, ShapeError } from "../../errors.ts";
import { formatShape } from "../../graph/shape.ts";
import { statesFrom } from "../../layers/recurrent-states.ts";
import { checkKeys } from "../../names/check-keys.ts";
import { describeValue } from "../../names/describe.ts";
import { wholeNumber } from "../../names/whole-number.ts";
import { scalar, type Tensor, type TensorLike, toTensor } from "../../tensor/index.ts";
import { Model } from "../model.ts";
import { isCausal, isRecurrent } from "./causal.ts";
import type { Forecaster, ForecastState, Known } from "./forecaster.ts";

/** What `forecast` takes besides model, history and number of steps. */
export interface ForecastConfig {
  /**
   * Number of steps, W, that the model sees at a time: each forecast is made from the last W steps alone. Default: a
   * recurrent model sees everything, by its states; another sees as many steps as its `inputShape` says, or as
   * the history has.
   */
  readonly window?: number | null;
  /**
   * Features that are known beforehand (calendar, weather, price): [B, steps, E], or [steps, E] for one series. They
   * are the last E features of the history; the model forecasts the others. Row s belongs to the time of forecast s;
   * the last one is not read and may be missing.
   */
  readonly exogenous?: TensorLike | null;
  /**
   * States that the recurrent layers begin with, before the history: [B, H] each, in the order in which the layers run.
   * Default: those of any new sequence.
   */
  readonly initialState?: TensorLike | readonly TensorLike[] | null;
}

/**
 * Forecasts a series of real values: each output of the model is the input of the next step. The model gives the values
 * of the next step, [B, D] or, for all steps, [B, T, D].
 *
 * All steps stay on the GPU, one submission each; reading the result is the only wait. A model of recurrent layers reads
 * the history once and carries its states on from there (those that stateful layers keep are left alone), so a step costs
 * the same however long the history. Any other model reads a window that slides on by one step each time.
 *
 * @example
 * const net = sl.sequential({
 *   layers: [sl.layers.gru({ units: 8, inputShape: [null, 1] }), sl.layers.dense({ units: 1 })],
 * });
 * const history = sl.tensor([[0], [0.5], [1], [0.5]]); // [T, 1]: one series of one feature
 * const next = sl.forecast(net, history, 6); // [6, 1]
 * console.log(await next.array());
 *
 * @param history What has been seen, [B, T, F], or [T, F] for one series.
 * @param steps How many steps to forecast.
 * @returns [B, steps, D], or [steps, D] for one series.
 * @throws {ArgumentError} for a model with several inputs or outputs, and for settings out of bounds.
 * @throws {ShapeError} when history, exogenous features and outputs do not fit together.
 * @throws {DisposedError} for a model that was disposed.
 */
export function forecast(
  model: Model,
  history: TensorLike,
  steps: number,
  config: ForecastConfig = {},
): Tensor {
  if (!(model instanceof Model)) {
    throw new ArgumentError(
      `forecast: received ${describeValue(model)} as model. Expected a model: forecast(model, history, steps).`,
    );
  }
  checkKeys("forecast", config, { window: "number", exogenous: "any", initialState: "any" });
  wholeNumber(steps, "forecast: steps");
  if (model.inputs.length > 1) {
    throw new ArgumentError(
      `forecast: ${model.name} has ${model.inputs.length} inputs. Expected one; what is known beforehand are the last ` +
        "features of it: { exogenous }.",
    );
  }
  const series = toTensor(history, "forecast: history");
  const isSingle = series.rank === 2;
  const batched = isSingle ? series.reshape([1, ...series.shape]) : series; // [B, T, F]
  if (batched.rank !== 3 || batched.size === 0) {
    throw new ShapeError(
      `forecast: received a history of shape ${formatShape(series.shape)}. Expected [batch, time, features], or ` +
        "[time, features] for one series, with at least one step.",
      { details: { received: series.shape } },
    );
  }
  const result = run(model, batched, { steps, config, isSingle }); // [B, steps, D]
  if (!isSingle) return result;
  const single = result.reshape(result.shape.slice(1));
  return single;
}

interface Task {
  readonly steps: number;
  readonly config: ForecastConfig;
  readonly isSingle: boolean;
}

function run(model: Model, history: Tensor, { steps, config, isSingle }: Task): Tensor {
  const forecaster = model.forecaster();
  const given = exogenousOf(config, { history, steps, isSingle });
  const window = windowOf(model, history, config);
  const known = forecaster.upload(given);
  const begun = begin(forecaster, history, { window, config });
  checkWidth(model, { history, given, output: begun.output });
  let state = begun;
  const parts = [state.output];
  for (let s = 1; s < steps; s++) {
    const at = scalar(s - 1, "int32");
    const next: ForecastState =
      window === null ? forecaster.carryOn(state, known, at) : forecaster.slide(state, known, at);
    for (const one of [...state.memory, at]) one.dispose();
    state = next;
    parts.push(state.output);
  }
  for (const one of [...state.memory, ...known]) one.dispose();
  return forecaster.join(parts);
}

function begin(
  forecaster: Forecaster,
  history: Tensor,
  { window, config }: { window: number | null; config: ForecastConfig },
): ForecastState {
  const states = statesFrom("forecast", config.initialState, 2);
  if (window === null) return forecaster.warmUp(history, states);
  const [batch = 1, time = 1, features = 1] = history.shape;
  return forecaster.look(history.slice([0, time - window, 0], [batch, window, features]));
}

/**
 * Length of the window, or null where states carry what was seen.
 * @throws {ArgumentError | ShapeError} for a window that the history does not fill.
 */
function windowOf(model: Model, history: Tensor, config: ForecastConfig): number | null {
  const [, time = 1] = history.shape;
  const asked = config.window ?? null;
  if (asked === null && isRecurrent(model) && isCausal(model)) return null;
  if (asked !== null) wholeNumber(asked, "forecast: window");
  if ((config.initialState ?? null) !== null) {
    throw new ArgumentError(
      `forecast: received an initialState for ${model.name}, which sees a window at a time. Expected none: states ` +
        "are carried where all layers are recurrent or work step by step, forwards in time, and no window is asked for.",
    );
  }
  const window = asked ?? model.inputs[0]?.shape[1] ?? time;
  if (window <= time) return window;
  throw new ShapeError(
    `forecast: received a history of ${time} steps. Expected at least ${window}, which ${model.name} sees at a time.`,
    { details: { received: time, expected: window } },
  );
}

/** @throws {ShapeError} when they do not fit history and steps. */
function exogenousOf(
  { exogenous }: ForecastConfig,
  { history, steps, isSingle }: { history: Tensor; steps: number; isSingle: boolean },
): Known {
  if (exogenous === undefined || exogenous === null) return [];
  const given = toTensor(exogenous, "forecast: exogenous");
  const batched = isSingle && given.rank === 2 ? given.reshape([1, ...given.shape]) : given;
  const [batch, rows = 0, width = 0] = batched.shape;
  const fits = batched.rank === 3 && batch === history.shape[0] && width > 0;
  if (!fits || (rows !== steps && rows !== steps - 1)) {
    const expected = isSingle ? `[${steps}, E]` : `[${history.shape[0]}, ${steps}, E]`;
    throw new ShapeError(
      `forecast: received exogenous features of shape ${formatShape(given.shape)}. Expected ${expected}, or one step ` +
        "less, with as many features as the history has behind those that are forecast.",
      { details: { received: given.shape } },
    );
  }
  return rows === 0 ? [] : [batched];
}

/** @throws {ShapeError} when the output cannot be the next input. */
function checkWidth(
  model: Model,
  { history, given, output }: { history: Tensor; given: Known; output: Tensor },
): void {
  const [features = 0, known = 0, width = 0] = [
    history.shape[2],
    given[0]?.shape[2] ?? 0,
    output.shape[2],
  ];
  if (width + known === features) return;
  const seen = known === 0 ? "" : ` beside ${known} exogenous ones`;
  throw new ShapeError(
    `forecast: ${model.name} gives ${width} features${seen}, and the history has ${features}. Expected as many: the ` +
      "output is the next input. Features that are not forecast stand last and are given beforehand: { exogenous }.",
    { details: { output: width, exogenous: known, history: features } },
  );
}
