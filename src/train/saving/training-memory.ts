import { FormatError, SluiceError } from "../../errors.ts";
import type { HostTensor } from "../../formats/index.ts";
import type { Serialized } from "../../names/class-registry.ts";
import { LossScaleOptimizer } from "../../optimizers/loss-scale-optimizer.ts";
import { Optimizer } from "../../optimizers/optimizer.ts";
import type { CompileConfig, CompiledConfig } from "../compile-config.ts";
import type { TrainingState } from "../training-state.ts";
import { describeJudge, describeOptimizer } from "./compile-record.ts";
import { namedHostTensors } from "./host-tensors.ts";
import type { ModelFile } from "./model-file.ts";
import type { TrainingSnapshot } from "./save-model.ts";
import { checkedState, type TrainingRecord } from "./training-record.ts";

/** A compiled model's training, as saving sees it. */
export interface TrainingInProgress {
  readonly config: CompiledConfig;
  /** Totals of the epoch under way, read; null before the first step. */
  figures(): Promise<Float32Array> | null;
}

/** What a model knows of its training beyond one `compile`: where it stands, and what a file brought along. */
export class TrainingMemory {
  readonly state: TrainingState = { position: null, stream: null, figures: null };
  /** Of a file, until `compile` takes them up. */
  #optimizer: Serialized | null = null;
  #slots: readonly HostTensor[] = [];

  /** Takes up what a file holds. */
  take(file: ModelFile, source: string): void {
    const { training, optimizer } = file;
    if (training === null) return;
    Object.assign(this.state, stateOf(file, source));
    this.#optimizer = training.optimizer;
    this.#slots = optimizer;
  }

  /** What `compile` was told; the optimizer that was saved is taken where none is named. */
  completed(config: CompileConfig): CompileConfig {
    if (this.#optimizer === null || config?.optimizer !== undefined) return config;
    return { ...config, optimizer: this.#optimizer };
  }

  /** Gives an optimizer what one of its kind had kept. */
  equip(optimizer: Optimizer): void {
    if (this.#optimizer !== null && kindOf(this.#optimizer) === kindOf(optimizer)) {
      optimizer.restore(this.#slots);
    }
    this.#optimizer = null;
    this.#slots = [];
  }

  /**
   * Takes up a file whose training was done by an optimizer like this one.
   * @throws {FormatError} when it was another, or kept something else; nothing is changed.
   */
  goOn(file: ModelFile, optimizer: Optimizer, source: string): void {
    const saved = file.training?.optimizer ?? null;
    const expected = kindOf(optimizer);
    if (file.training === null || (saved !== null && kindOf(saved) !== expected)) {
      const written = saved === null ? "no optimizer" : kindOf(saved);
      throw new FormatError(
        `${source}: was written by a training with ${written}. Expected ${expected}, as ` +
          "the model was compiled with now; remove the file to begin anew.",
      );
    }
    const state = stateOf(file, source);
    // Callbacks may have changed it; a schedule needs nothing but the count of updates.
    const rate = saved === null ? undefined : (innerOf(saved) ?? saved).config?.learningRate;
    try {
      optimizer.restore(file.optimizer);
      if (typeof rate === "number" && !optimizer.hasSchedule) optimizer.learningRate = rate;
    } catch (cause) {
      if (!(cause instanceof SluiceError)) throw cause;
      throw new FormatError(`${source}: ${cause.message}`, { cause });
    }
    Object.assign(this.state, state);
    this.#optimizer = null;
    this.#slots = [];
  }

  /** Everything as it is now, for a file; null when there was no training. */
  snapshot(label: string, training: TrainingInProgress | null): TrainingSnapshot | null {
    const { position, stream } = this.state;
    const state = { position, stream: stream === null ? null : { ...stream } };
    if (training === null) return this.#unused(state);
    const { config } = training;
    // Those of a file count until training has taken them up.
    const kept = this.state.figures;
    const current = kept === null ? training.figures() : Promise.resolve(kept);
    const figures = position !== null && position.batch > 0 ? current : null;
    return {
      record: {
        optimizer: describeOptimizer(label, config.optimizer),
        judge: describeJudge(label, config),
        state,
      },
      optimizer: config.optimizer.getWeights().then(namedHostTensors),
      figures: figures === null ? Promise.resolve([]) : figures.then(asFigures),
    };
  }

  /** What came from a file and was not used. */
  #unused(state: TrainingRecord["state"]): TrainingSnapshot | null {
    if (this.#optimizer === null && state.position === null) return null;
    const { figures } = this.state;
    return {
      record: { optimizer: this.#optimizer, judge: null, state },
      optimizer: Promise.resolve(this.#slots),
      figures: Promise.resolve(figures === null ? [] : asFigures(figures)),
    };
  }
}

/** What an optimizer is, as far as what it keeps goes: `Adam`, `LossScaleOptimizer of Adam`. */
function kindOf(optimizer: Serialized | Optimizer): string {
  const [outer, inner] =
    optimizer instanceof Optimizer
      ? [optimizer.getClassName(), innerClass(optimizer)]
      : [optimizer.className, innerOf(optimizer)?.className];
  return inner === undefined ? outer : `${outer} of ${inner}`;
}

function innerClass(optimizer: Optimizer): string | undefined {
  const scales = optimizer instanceof LossScaleOptimizer;
  return scales ? optimizer.innerOptimizer.getClassName() : undefined;
}

/** The optimizer within one that scales losses, of a file that may say anything. */
function innerOf({ className, config }: Serialized): Partial<Serialized> | undefined {
  return className === LossScaleOptimizer.className ? Object(config?.innerOptimizer) : undefined;
}

/** Where the training of a file stands. */
function stateOf({ training, figures }: ModelFile, source: string): TrainingState {
  const totals = figures[0]?.data;
  return {
    ...checkedState(training?.state, source),
    figures: totals instanceof Float32Array ? totals : null,
  };
}

function asFigures(data: Float32Array): HostTensor[] {
  return [{ name: "epoch", dtype: "float32", shape: [data.length], data }];
}
