import { RECURRENT_LAYERS, type RecurrentLayer } from "../../examples/births/model.ts";
import type { HeldOutDays } from "./messages.ts";

/** Names of the recurrent layers for people. */
export const LAYER_NAMES: Readonly<Record<RecurrentLayer, string>> = {
  simpleRNN: "Simple RNN",
  gru: "GRU",
  lstm: "LSTM",
};

interface Row {
  readonly name: string;
  /** Births a day; null while it is not known. */
  readonly error: number | null;
  readonly isModel: boolean;
}

/** Shows the model's error beside those of the simple methods, best first. */
export function showErrors(
  body: HTMLElement,
  errors: HeldOutDays["errors"],
  model: { readonly kind: RecurrentLayer; readonly error: number | null },
): void {
  const rows: Row[] = [
    { name: `${LAYER_NAMES[model.kind]}, trained here`, error: model.error, isModel: true },
    { name: "Ridge regression, same inputs", error: errors.ridge, isModel: false },
    { name: "As 364 days before", error: errors.lag364, isModel: false },
    { name: "As in the latest known week", error: errors.lag7, isModel: false },
  ];
  rows.sort(
    (a, b) => (a.error ?? Number.POSITIVE_INFINITY) - (b.error ?? Number.POSITIVE_INFINITY),
  );
  const known = rows.map((row) => row.error ?? 0);
  const longest = Math.max(...known);
  body.replaceChildren(...rows.flatMap((row) => rowElements(row, longest)));
}

/** Whether a word names a recurrent layer. */
export function isRecurrentLayer(word: string): word is RecurrentLayer {
  return RECURRENT_LAYERS.some((name) => name === word);
}

function rowElements({ name, error, isModel }: Row, longest: number): HTMLElement[] {
  const heading = document.createElement("th");
  heading.scope = "row";
  heading.textContent = name;
  const value = document.createElement("td");
  value.className = "value";
  value.textContent = error === null ? "–" : error.toFixed(0);
  const bar = document.createElement("div");
  bar.className = "bar";
  bar.style.width = `${((error ?? 0) / longest) * 100}%`;
  const barCell = document.createElement("td");
  barCell.colSpan = 2;
  barCell.append(bar);
  const rows = [[heading, value], [barCell]].map((cells) => {
    const row = document.createElement("tr");
    row.className = isModel ? "is-model" : "";
    row.append(...cells);
    return row;
  });
  rows[1]?.setAttribute("aria-hidden", "true");
  return rows;
}
