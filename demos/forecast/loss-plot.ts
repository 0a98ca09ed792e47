import type uPlot from "uplot";
import type { Epoch, Step } from "./messages.ts";
import { AXIS_FONT, axis, formatBirths, makePlot } from "./plot.ts";
import { themeColor } from "./theme.ts";

/**
 * The curve of learning: errors of the training days, several times an epoch, and of 2011, at each
 * epoch's end.
 */
export class LossPlot {
  readonly #plot: uPlot;
  #epochs: number[] = [];
  #training: number[] = [];
  #validation: (number | null)[] = [];

  constructor(container: HTMLElement) {
    const options = {
      height: 240,
      scales: { x: { time: false }, y: { range: rangeFromZero } },
      axes: [
        axis({
          label: "epochs",
          labelSize: 18,
          labelFont: AXIS_FONT,
          incrs: [1, 2, 5, 10, 20, 50],
        }),
        axis({ values: births, size: 52 }),
      ],
      series: [
        { label: "epoch", value: (_: uPlot, value: number | null) => value?.toFixed(1) ?? "–" },
        {
          label: "2001 to 2010, with dropout",
          stroke: () => themeColor("--quiet"),
          width: 1.5,
          points: { show: false },
          value: cell,
        },
        {
          label: "2011, not trained on",
          stroke: () => themeColor("--accent"),
          width: 2,
          points: { show: true, size: 5 },
          spanGaps: true,
          value: cell,
        },
      ],
    } satisfies Omit<uPlot.Options, "width">;
    this.#plot = makePlot(container, options, [[], [], []]);
  }

  clear(): void {
    this.#epochs = [];
    this.#training = [];
    this.#validation = [];
    this.#draw();
  }

  addStep({ loss }: Step, epochsDone: number): void {
    this.#push(epochsDone, loss, null);
  }

  addEpoch({ epoch, loss, validationLoss }: Epoch): void {
    this.#push(epoch, loss, validationLoss);
  }

  #push(epochsDone: number, loss: number, validation: number | null): void {
    const last = this.#epochs[this.#epochs.length - 1] ?? 0;
    if (epochsDone < last || !Number.isFinite(loss)) return;
    this.#epochs.push(epochsDone);
    this.#training.push(loss);
    this.#validation.push(validation);
    this.#draw();
  }

  #draw(): void {
    this.#plot.setData([this.#epochs, this.#training, this.#validation]);
  }
}

/** The first steps, whose error is huge, may leave the picture: what matters happens below. */
function rangeFromZero(_: uPlot, _min: number | null, max: number | null): [number, number] {
  return [0, Math.min(1000, Math.max(300, max ?? 0))];
}

function births(_: uPlot, values: readonly number[]): string[] {
  return values.map(formatBirths);
}

function cell(_: uPlot, value: number | null): string {
  return formatBirths(value);
}
