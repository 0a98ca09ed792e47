import { layers } from "../../src/layers/index.ts";
import type { CellCallOptions, CellConfig } from "../../src/layers/rnn-cell.ts";
import { registerClass } from "../../src/names/class-registry.ts";
import { add, dropout, matMul, mul, split, type Tensor } from "../../src/tensor/index.ts";

interface UnitsConfig extends CellConfig {
  readonly units: number;
}

/** The equations of `layers.lstm` as a cell: weights, gates and states in the same order. */
export class LongShortTerm extends layers.RNNCell {
  static override readonly className = "LongShortTermOfATest";
  constructor(readonly config: UnitsConfig) {
    super(config);
  }
  get stateSize() {
    return [this.config.units, this.config.units];
  }
  override build([, features]: [null, number]) {
    const { units } = this.config;
    this.addWeight("kernel", [features, 4 * units]);
    this.addWeight("recurrent_kernel", [units, 4 * units]);
    this.addWeight("bias", [4 * units]);
  }
  override call(x: Tensor, [h, c]: [Tensor, Tensor]) {
    const [kernel, recurrent] = [this.weight("kernel"), this.weight("recurrent_kernel")];
    const sum = add(add(matMul(x, kernel), matMul(h, recurrent)), this.weight("bias"));
    const [i, f, a, o] = split(sum, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
    const cell = add(mul(f.sigmoid(), c), mul(i.sigmoid(), a.tanh()));
    const output = mul(o.sigmoid(), cell.tanh());
    return { output, states: [output, cell] };
  }
  override getConfig() {
    return { ...super.getConfig(), units: this.config.units };
  }
}

/** h' = (h + x) / 2: by hand. */
export class Decay extends layers.RNNCell {
  static override readonly className: string = "DecayOfATest";
  get stateSize() {
    return 1;
  }
  override call(x: Tensor, [h]: [Tensor]) {
    const output = mul(add(h, x), 0.5);
    return { output, states: [output] };
  }
}

/** Two states of different sizes, an output of a third, a learned beginning: sums of one and of two features. */
export class Sums extends layers.RNNCell {
  static override readonly className = "SumsOfATest";
  get stateSize() {
    return [1, 2];
  }
  override get outputSize() {
    return 3;
  }
  override build() {
    this.addWeight("start", [1, 2], "float32", "ones");
  }
  override getInitialState(batchSize: number) {
    const [one] = super.getInitialState(batchSize);
    return [one as Tensor, this.weight("start").tile([batchSize, 1])];
  }
  override call(x: Tensor, [one, two]: [Tensor, Tensor]) {
    const states = [one.add(x.slice([0, 0], [-1, 1])), two.add(x.slice([0, 1], [-1, 2]))] as const;
    return { output: states[0].concat(states[1], 1), states };
  }
}

/** A dense layer inside, and dropout in training: both ways of writing it. */
export class Dropping extends layers.RNNCell {
  static override readonly className = "DroppingOfATest";
  readonly hidden = layers.dense({ units: 8, name: "hidden", kernelInitializer: "ones" });
  readonly drop = layers.dropout({ rate: 0.5, seed: 4 });
  get stateSize() {
    return 8;
  }
  override build(shape: readonly (number | null)[]) {
    this.hidden.ensureBuilt(shape);
  }
  override call(x: Tensor, [h]: [Tensor], { training }: CellCallOptions) {
    const dropped = this.drop.apply(this.hidden.apply(x));
    const output = h.add(training ? dropout(dropped, 0.25) : dropped);
    return { output, states: [output] };
  }
}

registerClass(LongShortTerm);
registerClass(Decay);
registerClass(Sums);
registerClass(Dropping);
