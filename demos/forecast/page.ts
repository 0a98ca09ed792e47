import type { Errors } from "../../examples/births/evaluate.ts";
import type { Settings } from "./messages.ts";

/** Where the page stands; `<body data-state>` says it to whoever looks, programs included. */
export type PageState = "loading" | "ready" | "running" | "done" | "error";

/** The key figures, as `<body data-result>` gives them in JSON; what is not known yet is absent. */
export interface Result extends Partial<Settings> {
  readonly adapter?: string;
  readonly parameters?: number;
  readonly updates?: number;
  readonly epochsDone?: number;
  readonly msPerStep?: number;
  /** Mean absolute errors in births a day. */
  readonly trainingError?: number;
  readonly validationError?: number;
  readonly heldOutErrors?: Partial<Errors>;
  readonly seconds?: number;
  readonly error?: string;
}

let result: Result = {};

export function setState(state: PageState): void {
  document.body.dataset.state = state;
}

export function getState(): PageState {
  return document.body.dataset.state as PageState;
}

/** Adds figures to the result. */
export function addResult(figures: Result): void {
  result = { ...result, ...figures };
  document.body.dataset.result = JSON.stringify(result);
}

/** Forgets what the last training gave; adapter and errors of the simple methods stay. */
export function beginResult(settings: Settings): void {
  const { adapter, heldOutErrors } = result;
  result = { adapter, heldOutErrors: { ...heldOutErrors, model: undefined } };
  addResult(settings);
}

export function currentResult(): Result {
  return result;
}

/** @throws {Error} when the page lacks the element. */
export function elementById(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no element "${id}".`);
  return found;
}
