import type { Baselines, Errors } from "../../examples/births/evaluate.ts";
import type { RecurrentLayer } from "../../examples/births/model.ts";

/** What the page chooses before it trains. */
export interface Settings {
  readonly model: RecurrentLayer;
  readonly epochs: number;
  readonly seed: number;
}

/** From the page to the worker. */
export type Command =
  | { readonly type: "start"; readonly settings: Settings }
  | { readonly type: "stop" };

/** The days to forecast and what the simple methods say of them; sent once, before any training. */
export interface HeldOutDays {
  /** First day, in days since 1970-01-01. */
  readonly firstDay: number;
  /** Births. */
  readonly actual: Float64Array;
  readonly baselines: Baselines;
  readonly errors: Omit<Errors, "model">;
}

/** Means over the epoch so far, errors in births a day. */
export interface Step {
  readonly epoch: number;
  /** Updates since training began. */
  readonly updates: number;
  readonly loss: number;
  readonly msPerStep: number;
}

/** What the model says of the held-out days. */
export interface Judgement {
  /** Births of the held-out days. */
  readonly forecast: Float64Array;
  /** Births a day. */
  readonly heldOutError: number;
}

/** What is known at the end of an epoch; errors in births a day. */
export interface Epoch extends Step, Judgement {
  readonly validationLoss: number;
}

/** From the worker to the page. */
export type Report =
  | { readonly type: "adapter"; readonly name: string }
  | { readonly type: "heldOut"; readonly days: HeldOutDays }
  | { readonly type: "begin"; readonly updates: number; readonly parameters: number }
  | { readonly type: "step"; readonly step: Step }
  | { readonly type: "epoch"; readonly epoch: Epoch }
  /** With the mean of the last epochs' weights, after training. */
  | ({ readonly type: "averaged" } & Judgement)
  | { readonly type: "done"; readonly seconds: number }
  | { readonly type: "stopped" }
  | { readonly type: "noWebGpu"; readonly reason: string }
  | { readonly type: "failed"; readonly reason: string };
