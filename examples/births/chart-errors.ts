import type { Errors } from "./evaluate.ts";
import type { RecurrentLayer } from "./model.ts";
import { element, label, linearScale } from "./svg.ts";

const ROW = 50;

/** Mean absolute errors as bars, best first. */
export function errorBars(
  errors: Errors,
  { model, x, y, width }: { model: RecurrentLayer; x: number; y: number; width: number },
): string {
  const rows = [
    { name: model, error: errors.model, style: "bar-model" },
    { name: "ridge regression on the same inputs", error: errors.ridge, style: "bar" },
    { name: "as 364 days before", error: errors.lag364, style: "bar" },
    { name: "as in the latest known week", error: errors.lag7, style: "bar" },
  ].sort((a, b) => a.error - b.error);
  const lengthOf = linearScale([0, Math.max(...Object.values(errors))], [0, width - 52]);
  return element(
    "g",
    {},
    label("Mean absolute error, births a day", { x, y }, { class: "heading" }),
    ...rows.flatMap(({ name, error, style }, i) => {
      const top = y + 20 + i * ROW;
      const length = lengthOf(error);
      return [
        label(name, { x, y: top + 12 }, { class: "quiet small" }),
        element("rect", { class: style, x, y: top + 18, width: length, height: 14, rx: 2 }),
        label(error.toFixed(0), { x: x + length + 8, y: top + 30 }, { class: "heading" }),
      ];
    }),
  );
}
