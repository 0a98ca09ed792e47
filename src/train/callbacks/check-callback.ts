import { ArgumentError } from "../../errors.ts";
import { type ConfigKeys, checkKeys } from "../../names/check-keys.ts";
import { describeValue } from "../../names/describe.ts";
import type { CallbackHooks } from "./callback-hooks.ts";

const hooks: ConfigKeys<CallbackHooks> = {
  setParams: "function",
  setModel: "function",
  onTrainBegin: "function",
  onTrainEnd: "function",
  onTrainExit: "function",
  onEpochBegin: "function",
  onEpochEnd: "function",
  onBatchBegin: "function",
  onBatchEnd: "function",
  onYield: "function",
  onNumericsError: "function",
  getState: "function",
  setState: "function",
  getTensors: "function",
  setTensors: "function",
};
const hookNames = Object.keys(hooks);

/** Hooks of Keras that have another name here, or for which there is no moment. */
const elsewhere: Readonly<Record<string, string>> = {
  onTrainBatchBegin: "It is called onBatchBegin here.",
  onTrainBatchEnd: "It is called onBatchEnd here.",
};
const NO_MOMENT =
  "evaluate() and predict() enqueue all batches at once and return, so there is no moment to call it at. " +
  "The figures of fit's validation come to onEpochEnd as val_loss, …";

/**
 * Callbacks may hold whatever they need; what is named like a hook has to be one.
 * @throws {ArgumentError} for what is no callback, and for a hook that is no function or that there is not.
 */
export function checkCallback(label: string, callback: unknown): void {
  if (typeof callback !== "object" || callback === null) {
    throw new ArgumentError(
      `${label}: received ${describeValue(callback)} among callbacks. Expected objects with hooks: ` +
        "{ onEpochEnd: (epoch, logs) => console.log(epoch, logs.loss) }.",
    );
  }
  const names = new Set([...namesLikeHooks(callback), ...hookNames]);
  for (const name of names) refuseElsewhere(label, name);
  const own = callback as Readonly<Record<string, unknown>>;
  checkKeys(
    `${label} callbacks`,
    Object.fromEntries([...names].map((name) => [name, own[name]])),
    hooks,
  );
}

/** Names that begin as a hook's does, of the object and of the classes it is made by. */
function namesLikeHooks(callback: object): string[] {
  const names: string[] = [];
  let one: object | null = callback;
  while (one !== null && one !== Object.prototype) {
    names.push(...Object.getOwnPropertyNames(one));
    one = Object.getPrototypeOf(one);
  }
  return names.filter((name) => /^on[A-Z_]/.test(name));
}

function refuseElsewhere(label: string, name: string): void {
  const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const advice = /^on(Test|Predict)[A-Z]/.test(camel) ? NO_MOMENT : elsewhere[camel];
  if (advice === undefined) return;
  throw new ArgumentError(`${label} callbacks: there is no hook ${name}. ${advice}`, {
    details: { key: name },
  });
}
