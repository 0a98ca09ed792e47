import type { Tensor } from "../tensor/index.ts";
import { type CellKind, Gates } from "./gates.ts";
import { knownDim, type LayerShapes, shapeList } from "./layer-shape.ts";
import type { ConfigDict, OutputCount } from "./layer-types.ts";
import { type FusibleLayer, Recurrence, type RecurrenceOptions } from "./recurrence.ts";
import { isObserved } from "./recurrence-observer.ts";
import type { GatedConfig } from "./recurrent-config.ts";
import {
  type CellStep,
  type RecurrentRun,
  runFused,
  runGeneral,
  type StepContext,
} from "./recurrent-run.ts";
import { fromOrder, toOrder } from "./row-order.ts";
import type { Sequences } from "./step-loop.ts";

/** A run, and what each of its steps computes. */
export interface RecurrentEquations
  extends RecurrentRun,
    Pick<StepContext, "activation" | "recurrentActivation"> {
  readonly step: CellStep;
}

const NO_DROPOUT = { input: null, recurrent: null };

/**
 * What SimpleRNN, LSTM and GRU have in common. The numbers come from the fused recurrent op, or from a loop of plain
 * operations where that op does not know the equations, an activation or the dropout of the state.
 */
export abstract class RecurrentLayer<Count extends OutputCount = "one"> extends Recurrence<Count> {
  protected readonly gates: Gates;

  constructor(config: GatedConfig, kind: CellKind) {
    super(config);
    this.gates = new Gates(this, config, kind);
  }

  get units(): number {
    return this.gates.units;
  }

  get useBias(): boolean {
    return this.gates.useBias;
  }

  get dropout(): number {
    return this.gates.dropout;
  }

  get recurrentDropout(): number {
    return this.gates.recurrentDropout;
  }

  protected override get outputSize(): number {
    return this.gates.outputSize;
  }

  protected override get stateSizes(): readonly number[] {
    return this.gates.stateSizes;
  }

  protected override get stateNames(): readonly string[] {
    return this.gates.kind.states;
  }

  override build(inputShape: LayerShapes): void {
    const [shape = []] = shapeList(inputShape);
    this.gates.build(knownDim(shape, -1, this.name));
    super.build(inputShape);
  }

  protected override run(
    x: Tensor,
    { mask, rows, initialStates, training }: RecurrenceOptions,
  ): Sequences {
    const { gates } = this;
    const [batch = 1, , features = 1] = x.shape;
    const masks = gates.masks(batch, features, training);
    const run = gates.describe(x, { masks, mask, initialStates, reverse: this.goBackwards });
    if (gates.isFused(masks)) return fromOrder(rows, runFused(toOrder(rows, run)));
    return runGeneral(run, {
      step: gates.step,
      ...gates.activations,
      recurrentMasks: masks.recurrent,
      initialStates: initialStates ?? this.initialStates(batch),
    });
  }

  /** Null for equations or activations that the op does not know, dropout in training, a penalty on the output. */
  override fusible(training: boolean): FusibleLayer | null {
    const { gates, units, useBias, stateful, goBackwards: reverse } = this;
    const drops = training && (gates.dropout > 0 || gates.recurrentDropout > 0);
    if (drops || !gates.isFused(NO_DROPOUT) || this.activityRegularizer !== null) return null;
    if (isObserved()) return null;
    return {
      ...{ attributes: gates.attributes(reverse), units, useBias, stateful },
      describe: (x, { mask, initialStates }) =>
        gates.describe(x, { masks: NO_DROPOUT, mask, initialStates, reverse }),
    };
  }

  /** @internal One run in the terms of its equations, for who looks inside. */
  equations(x: Tensor): RecurrentEquations {
    const { gates } = this;
    const options = {
      masks: NO_DROPOUT,
      mask: null,
      initialStates: null,
      reverse: this.goBackwards,
    };
    return { ...gates.describe(x, options), step: gates.step, ...gates.activations };
  }

  protected override ownConfig(): ConfigDict {
    return { ...super.getConfig(), ...this.gates.ownConfig() };
  }

  override getConfig(): ConfigDict {
    return { ...super.getConfig(), ...this.gates.getConfig() };
  }
}
