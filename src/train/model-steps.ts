import { backward } from "../autograd/backward.ts";
import { ArgumentError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import type { Storage } from "../graph/storage.ts";
import type { AnyLayer } from "../layers/layer.ts";
import { ops } from "../ops/index.ts";
import { source } from "../ops/leaves.ts";
import { rules } from "../tensor/current.ts";
import { compile, type RandomStream, Tensor, type Variable, withStream } from "../tensor/index.ts";
import { openScope } from "../tensor/scope-state.ts";
import { batchTensors } from "./batches/data.ts";
import type { CompiledConfig } from "./compile-config.ts";
import { type Batch, evaluateBatch, tallyEntries } from "./objective.ts";
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
  readonly #stream: RandomStream;
  readonly #run = compile((layout: Layout, ...tensors: Tensor[]) =>
    this.#record(unpack(layout, tensors)),
  );

  /** Everything random in a step is drawn from `stream`. */
  constructor(model: AnyLayer, config: CompiledConfig, stream: RandomStream) {
    this.#model = model;
    this.#config = config;
    this.#stream = stream;
    this.trained = model.trainableWeights;
    if (this.trained.length === 0) {
      throw new ArgumentError(
        `${model.name}: there is nothing to train. Expected a layer with weights whose trainable is true.`,
      );
    }
    this.tally = new Tally(`${model.name}/training`, tallyEntries(config));
    config.optimizer.build(this.trained);
  }

  /** Enqueues one update. It is refused when a loss or gradient is not finite, unless a smaller loss scale may help. */
  run(data: Batch, rows: Rows = null): void {
    withStream(this.#stream, () => this.#run(layoutOf(data, rows), ...pack(data, rows)));
  }

  dispose(): void {
    this.#run.dispose();
    this.tally.dispose();
  }

  #record(batch: Batch): void {
    const options = { batch, training: true };
    const { loss, totals } = evaluateBatch(this.#model, this.#config, options);
    const { optimizer } = this.#config;
    const gradients = this.#gradientsOf(optimizer.scaleLoss(Tensor.of(loss)).value);
    const states = [...(openScope()?.writes ?? [])];
    const isSticky = (): boolean => this.isSticky;
    const verdict = optimizer.record(this.trained, gradients, { loss, isSticky });
    for (const [state, content] of states) keepUnless(verdict.accepted, state, content);
    this.tally.add(totals, verdict.refused);
  }

  /** Weights that the loss does not depend on have a gradient of zeros. */
  #gradientsOf(loss: Value): Value[] {
    const xs = this.trained.map((weight) => weight.value);
    const gradients = backward([loss], [ops.literal(1, loss.shape)], { xs, rules });
    if (gradients.every((gradient) => gradient === null)) {
      throw new ArgumentError(
        `${this.#model.name}: the loss depends on none of the weights. Expected a loss of the predictions.`,
      );
    }
    return gradients.map((gradient, i) => gradient ?? ops.literal(0, xs[i]?.shape ?? []));
  }
}

/** A compiled step that judges batches and changes no weight. */
export class TestStep {
  readonly tally: Tally;
  readonly #model: AnyLayer;
  readonly #config: CompiledConfig;
  readonly #run = compile((layout: Layout, ...tensors: Tensor[]) =>
    this.#record(unpack(layout, tensors)),
  );
  readonly #figures = compile(() => this.tally.figures());

  constructor(model: AnyLayer, config: CompiledConfig, purpose: string) {
    this.#model = model;
    this.#config = config;
    this.tally = new Tally(`${model.name}/${purpose}`, tallyEntries(config));
  }

  /** Enqueues the judgement of one batch. */
  run(data: Batch, rows: Rows = null): void {
    this.#run(layoutOf(data, rows), ...pack(data, rows));
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

/** What a step that is not accepted made of a state (of a stateful layer, of a running mean) is not, either. */
function keepUnless(accepted: Value, state: Storage, content: Value): void {
  const { spec, version } = state;
  const before = source(spec, { kind: "storage", storage: state, version });
  const isAccepted = ops.greater(accepted, ops.literal(0));
  openScope()?.writes.set(state, ops.where(isAccepted, content, before));
}

/** What the tensors of a step are; a part of what is recorded. */
interface Layout {
  readonly inputs: number;
  readonly labels: number;
  readonly weighedBy: readonly (number | null)[];
  readonly isGathered: boolean;
}

function layoutOf({ inputs, labels, weighedBy }: Batch, rows: Rows): Layout {
  return { inputs: inputs.length, labels: labels.length, weighedBy, isGathered: rows !== null };
}

function pack(batch: Batch, rows: Rows): Tensor[] {
  const data = batchTensors(batch);
  return rows === null ? data : [rows, ...data];
}

function unpack(
  { inputs, labels, weighedBy, isGathered }: Layout,
  tensors: readonly Tensor[],
): Batch {
  const [first, ...rest] = tensors;
  const data =
    isGathered && first !== undefined
      ? rest.map((whole) => Tensor.of(ops.gather(whole.value, first.value)))
      : tensors;
  return {
    inputs: data.slice(0, inputs),
    labels: data.slice(inputs, inputs + labels),
    weights: data.slice(inputs + labels),
    weighedBy,
  };
}
