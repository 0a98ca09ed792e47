import { ArgumentError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import type { AnyLayer } from "../layers/layer.ts";
import { ops } from "../ops/index.ts";
import { compile, Tensor, type Variable, variableGrads } from "../tensor/index.ts";
import type { CompiledConfig } from "./compile-config.ts";
import { type Batch, type BatchResult, evaluateBatch, tallyEntries } from "./objective.ts";
import { Tally } from "./tally.ts";

/** Where a step finds its batch: these rows of whole data sets, or (null) the tensors as they are. */
export type Rows = Tensor | null;

/**
 * The compiled training step of one model: forward, losses, backward, check, update and figures in one plan, so that
 * a step is one submit.
 */
export class TrainingStep {
  /** Weights that the step changes. */
  readonly trained: readonly Variable[];
  readonly tally: Tally;
  /** Whether all steps after a refused one are refused, too; for the runs from now on. */
  isSticky = false;
  readonly #model: AnyLayer;
  readonly #config: CompiledConfig;
  readonly #run = compile((inputs: number, isGathered: boolean, ...tensors: Tensor[]) =>
    this.#record(unpack({ inputs, labels: this.#config.outputs.length, isGathered }, tensors)),
  );

  constructor(model: AnyLayer, config: CompiledConfig) {
    this.#model = model;
    this.#config = config;
    this.trained = model.trainableWeights;
    if (this.trained.length === 0) {
      throw new ArgumentError(
        `${model.name}: there is nothing to train. Expected a layer with weights whose trainable is true.`,
      );
    }
    this.tally = new Tally(`${model.name}/training`, tallyEntries(config));
    config.optimizer.build(this.trained);
  }

  /** Enqueues one update. It is refused when a loss or gradient is not finite. */
  run(data: Batch, rows: Rows = null): void {
    this.#run(data.inputs.length, rows !== null, ...pack(data, rows));
  }

  dispose(): void {
    this.#run.dispose();
    this.tally.dispose();
  }

  #record(batch: Batch): void {
    const model = this.#model;
    const states = model.nonTrainableWeights.map((state) => ({ state, before: state.value }));
    const results: BatchResult[] = [];
    const { grads } = variableGrads(() => {
      const result = evaluateBatch(model, this.#config, { batch, training: true });
      results.push(result);
      return Tensor.of(result.loss);
    }, this.trained);
    const gradients = this.trained.map((weight) => grads[weight.name]?.value ?? zerosFor(weight));
    for (const { loss, totals } of results) {
      const options = { loss, isSticky: () => this.isSticky };
      const accepted = this.#config.optimizer.record(this.trained, gradients, options);
      // What a refused step made of states (of stateful layers, of running means) is refused, too.
      for (const { state, before } of states) keepUnless(accepted, state, before);
      this.tally.add(totals, accepted);
    }
  }
}

/** A compiled step that judges batches and changes no weight. */
export class TestStep {
  readonly tally: Tally;
  readonly #model: AnyLayer;
  readonly #config: CompiledConfig;
  readonly #run = compile((inputs: number, isGathered: boolean, ...tensors: Tensor[]) =>
    this.#record(unpack({ inputs, labels: this.#config.outputs.length, isGathered }, tensors)),
  );
  readonly #figures = compile(() => this.tally.figures());

  constructor(model: AnyLayer, config: CompiledConfig, purpose: string) {
    this.#model = model;
    this.#config = config;
    this.tally = new Tally(`${model.name}/${purpose}`, tallyEntries(config));
  }

  /** Enqueues the judgement of one batch. */
  run(data: Batch, rows: Rows = null): void {
    this.#run(data.inputs.length, rows !== null, ...pack(data, rows));
  }

  /** The figures as scalars, as they are now. */
  figures(): Tensor[] {
    return this.#figures();
  }

  dispose(): void {
    this.#run.dispose();
    this.#figures.dispose();
    this.tally.dispose();
  }

  #record(batch: Batch): void {
    const options = { batch, training: false };
    this.tally.add(evaluateBatch(this.#model, this.#config, options).totals);
  }
}

function keepUnless(accepted: Value, state: Variable, before: Value): void {
  if (state.value === before) return;
  const isAccepted = ops.greater(accepted, ops.literal(0));
  state.assign(Tensor.of(ops.where(isAccepted, state.value, before)));
}

/** Weights that the loss does not depend on have a gradient of zeros. */
function zerosFor(weight: Variable): Value {
  return ops.literal(0, weight.shape);
}

interface Layout {
  readonly inputs: number;
  readonly labels: number;
  readonly isGathered: boolean;
}

function pack({ inputs, labels, weights }: Batch, rows: Rows): Tensor[] {
  const data = [...inputs, ...labels, ...(weights === null ? [] : [weights])];
  return rows === null ? data : [rows, ...data];
}

function unpack({ inputs, labels, isGathered }: Layout, tensors: readonly Tensor[]): Batch {
  const [first, ...rest] = tensors;
  const data =
    isGathered && first !== undefined
      ? rest.map((whole) => Tensor.of(ops.gather(whole.value, first.value)))
      : tensors;
  return {
    inputs: data.slice(0, inputs),
    labels: data.slice(inputs, inputs + labels),
    weights: data[inputs + labels] ?? null,
  };
}
