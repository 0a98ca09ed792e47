import { checkKeys, type KeyRules } from "../names/check-keys.ts";
import { expandDims, type Tensor } from "../tensor/index.ts";
import { floatInput } from "./arguments.ts";
import { type CellKind, Gates, type SequenceMasks } from "./gates.ts";
import { knownDim, type LayerShape } from "./layer-shape.ts";
import type { ConfigDict } from "./layer-types.ts";
import { atTime, columns, gateProduct, project } from "./recurrent-run.ts";
import {
  type CellCallOptions,
  type CellConfig,
  type CellResult,
  RNNCell,
  type SequenceOptions,
} from "./rnn-cell.ts";
import { type GatedStepConfig, stepKeys } from "./step-config.ts";

/** What SimpleRNNCell, LSTMCell and GRUCell have in common: one step of their layers. */
export abstract class GatedCell extends RNNCell {
  protected readonly gates: Gates;
  #features = 0;
  #masks: SequenceMasks | null = null;

  constructor(config: CellConfig & GatedStepConfig, kind: CellKind) {
    super(config);
    this.gates = new Gates(this, config, kind);
  }

  get units(): number {
    return this.gates.units;
  }

  override get stateSize(): number | readonly number[] {
    const sizes = this.gates.stateSizes;
    return sizes.length === 1 ? this.gates.outputSize : sizes;
  }

  override build(inputShape: LayerShape): void {
    this.#features = knownDim(inputShape, -1, this.name);
    this.gates.build(this.#features);
    super.build(inputShape);
  }

  /** One choice of dropout for the whole sequence. */
  override beginSequence({ batchSize, training }: SequenceOptions): void {
    this.#masks = this.gates.masks(batchSize, this.#features, training);
  }

  override endSequence(): void {
    this.#masks = null;
  }

  /** Outside of a sequence dropout chooses anew at each call. */
  override call(x: Tensor, states: readonly Tensor[], { training }: CellCallOptions): CellResult {
    const { gates } = this;
    const input = floatInput(x, this.name); // [B, I]
    const masks = this.#masks ?? gates.masks(x.shape[0] ?? 1, this.#features, training);
    const run = gates.describe(expandDims(input, 1), {
      ...{ masks, mask: null, initialStates: null, reverse: false },
    });
    const projected = atTime(project(run), 0); // [B, G*H]
    const after = gates.step({
      input: (gate) => columns(projected, gate, gates.units),
      product: gateProduct(run, masks.recurrent),
      state: (index) => states[index] ?? input,
      ...gates.activations,
    });
    const [output] = after;
    return { output: output ?? input, states: after };
  }

  protected override ownConfig(): ConfigDict {
    return { ...super.getConfig(), ...this.gates.ownConfig() };
  }

  override getConfig(): ConfigDict {
    return { ...super.getConfig(), ...this.gates.getConfig() };
  }
}

/**
 * The config of a cell once its keys are known to be read.
 * @throws {ArgumentError} as `checkKeys` does.
 */
export function checkCellConfig<Config>(maker: string, config: Config, own: KeyRules): Config {
  checkKeys(maker, config, { ...stepKeys, ...own, name: "string", trainable: "boolean" });
  return config;
}
