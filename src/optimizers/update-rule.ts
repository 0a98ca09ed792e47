import type { Value } from "../graph/node.ts";
import type { Shape } from "../graph/shape.ts";
import type { UpdateKind } from "../kernels/optimizer-update.ts";

/** A tensor that an optimizer keeps for each weight. */
export interface SlotSpec {
  /** Last part of its name: `momentum` in `adam/lstm_1/kernel/momentum`. */
  readonly name: string;
  /** Its shape, from that of the weight; null: none is kept. Default: the same. */
  readonly shape?: (weight: Shape) => Shape | null;
  /** What it holds at first. Default 0. */
  readonly first?: number | "weight";
}

/** What all rules say of themselves. */
interface RuleBase {
  /** Name of the optimizer in configs: `"adam"`. */
  readonly kind: string;
  /** Name of its class in saved models: `"Adam"`. */
  readonly className: string;
  readonly slots: readonly SlotSpec[];
  /** The settings of its own, for `getConfig`. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** A rule that works element by element: one dispatch of the update kernel changes all weights and slots. */
export interface KernelRule extends RuleBase {
  readonly form: "kernel";
  /** Which equations the kernel uses; they read the slots in their order. */
  readonly kernel: UpdateKind;
  /** Numbers that the kernel takes at update `step` (1 for the first); computed in double precision. */
  readonly numbers: (step: number) => Readonly<Record<string, number>>;
}

/** One weight, as a rule in operations sees it. */
export interface WeightUpdate {
  /** The weight, less its decay. */
  readonly parameter: Value;
  /** The clipped gradient. */
  readonly gradient: Value;
  readonly slots: Readonly<Record<string, Value>>;
  /** The number of that name, a scalar: `learningRate`, `step`, and what `numbers` gives. */
  readonly number: (name: string) => Value;
}

/** What becomes of it. */
export interface UpdatedWeight {
  readonly parameter: Value;
  /** New contents; slots that are not named stay as they are. */
  readonly slots: Readonly<Record<string, Value>>;
}

/** A rule in operations, recorded for each weight by itself. Whether the update counts is not its concern. */
export interface OperationsRule extends RuleBase {
  readonly form: "operations";
  /** Numbers that the rule takes at update `step`, besides rate and step. */
  readonly numbers: (step: number, learningRate: number) => Readonly<Record<string, number>>;
  readonly update: (weight: WeightUpdate) => UpdatedWeight;
}

/** How an optimizer turns gradients into updates. */
export type UpdateRule = KernelRule | OperationsRule;
