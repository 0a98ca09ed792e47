import { platform } from "#platform";
import type { ProgressBar, ProgressState } from "../gpu/platform.ts";
import type { Logs } from "./callbacks/callback-hooks.ts";
import { consoleLines } from "./epoch-lines.ts";
import type { TallyReading } from "./tally.ts";

/** Shows how far training is, where there is a place for it. */
export class Progress {
  readonly #bar: ProgressBar | null;
  readonly #epochs: number;
  readonly #steps: () => number | null;
  #epoch = 0;
  #step = 0;
  #began = 0;
  #msPerStep = 0;

  /** @param options.steps Steps of an epoch; null while the data does not tell. */
  constructor(options: { verbose: 0 | 1 | 2; epochs: number; steps: () => number | null }) {
    this.#bar = barFor(options.verbose);
    this.#epochs = options.epochs;
    this.#steps = options.steps;
  }

  /** Whether anybody sees figures before an epoch ends. */
  get isLive(): boolean {
    return this.#bar?.isLive ?? false;
  }

  beginEpoch(epoch: number): void {
    this.#epoch = epoch;
    this.#step = 0;
    this.#began = performance.now();
  }

  /** Takes note of the steps that the GPU has finished. */
  update({ steps, logs }: TallyReading): void {
    this.#step = steps;
    this.#msPerStep = (performance.now() - this.#began) / Math.max(1, steps);
    this.#bar?.update(this.#state(logs));
  }

  /** `logs` are those of the whole epoch; the time of a step is that of the last update. */
  endEpoch(logs: Logs): void {
    this.#bar?.endEpoch(this.#state(logs));
  }

  close(): void {
    this.#bar?.close();
  }

  #state(logs: Logs): ProgressState {
    const steps = this.#steps();
    const state = {
      epoch: this.#epoch + 1,
      epochs: this.#epochs,
      step: this.#step,
      logs,
      msPerStep: this.#msPerStep,
    };
    // A source that turns out longer than it said has no known end.
    if (steps === null || this.#step > steps) return state;
    return { ...state, steps, secondsLeft: ((steps - this.#step) * this.#msPerStep) / 1000 };
  }
}

/** A line an epoch is what a progress bar writes where there is no terminal; pages write it to the console. */
function barFor(verbose: 0 | 1 | 2): ProgressBar | null {
  if (verbose === 0) return null;
  if (verbose === 1) return platform.progressBar?.() ?? null;
  return platform.progressBar?.({ isTerminal: false }) ?? consoleLines();
}
