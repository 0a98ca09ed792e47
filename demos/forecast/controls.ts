import { RECIPE } from "../../examples/births/model.ts";
import { isRecurrentLayer } from "./errors-table.ts";
import type { Settings } from "./messages.ts";
import { elementById } from "./page.ts";

/** Epochs of a short demonstration (`?quick`). */
const QUICK_EPOCHS = 2;

const form = elementById("controls") as HTMLFormElement;
const start = elementById("start") as HTMLButtonElement;
const stop = elementById("stop") as HTMLButtonElement;
const epochs = elementById("epochs") as HTMLInputElement;
const seed = elementById("seed") as HTMLInputElement;
const model = elementById("model") as HTMLSelectElement;

/** Fills in the defaults and tells who wants to start or stop. */
export function setUpControls(listeners: {
  start: (settings: Settings) => void;
  stop: () => void;
}): void {
  const query = new URLSearchParams(location.search);
  epochs.value = String(query.has("quick") ? QUICK_EPOCHS : RECIPE.epochs);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!start.disabled) listeners.start(readSettings());
  });
  stop.addEventListener("click", () => listeners.stop());
}

/** Whether the address asks to train at once (`?autorun`). */
export function isAutorun(): boolean {
  return new URLSearchParams(location.search).has("autorun");
}

export function readSettings(): Settings {
  return {
    model: isRecurrentLayer(model.value) ? model.value : "lstm",
    epochs: epochs.valueAsNumber,
    seed: seed.valueAsNumber,
  };
}

/** What can be pressed: all to start with, or only "Stop" while the network trains. */
export function enableControls(allowed: { start: boolean; stop: boolean }): void {
  start.disabled = !allowed.start;
  stop.disabled = !allowed.stop;
  for (const field of [model, epochs, seed]) field.disabled = allowed.stop;
}
