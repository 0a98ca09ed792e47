import type { ProgressBar, ProgressBarOptions, ProgressState } from "../gpu/platform.ts";

const BAR_WIDTH = 20;
const CLEAR_LINE = "\r\x1b[2K";

/**
 * A terminal progress bar in the manner of Keras: while an epoch runs, one line that is redrawn in place; at its
 * end, one line that stays. Where the output is not a terminal, only the latter.
 *
 * @example
 * const bar = createProgressBar();
 * bar.update({ epoch: 1, epochs: 10, step: 3, steps: 32, logs: { loss: 0.51 }, msPerStep: 4.2 });
 * bar.close();
 */
export function createProgressBar(options: ProgressBarOptions = {}): ProgressBar {
  const stream = options.stream ?? process.stdout;
  const terminal = stream as { isTTY?: boolean; columns?: number };
  const isTerminal = options.isTerminal ?? terminal.isTTY === true;
  const columns = () => options.columns ?? terminal.columns ?? 80;
  let isLineOpen = false;
  return {
    isLive: isTerminal,
    update(state) {
      if (!isTerminal) return;
      stream.write(CLEAR_LINE + progressLine(state, columns()));
      isLineOpen = true;
    },
    endEpoch(state) {
      stream.write(`${isLineOpen ? CLEAR_LINE : ""}${epochLine(state)}\n`);
      isLineOpen = false;
    },
    close() {
      if (isLineOpen) stream.write("\n");
      isLineOpen = false;
    },
  };
}

/**
 * `Epoch 2/10  [=====>              ]  8/32  4.2 ms/step  0:03 left  loss 0.5123`, or, where the number of steps is not known,
 * `Epoch 2/10  step 8  4.2 ms/step  loss 0.5123`. It ends with `…` where not all of it fits into the columns.
 */
export function progressLine(state: ProgressState, columns: number = Infinity): string {
  const { step, steps } = state;
  const count = steps === undefined ? `step ${step}` : `${bar(step, steps)} ${pad(step, steps)}`;
  const left = state.secondsLeft === undefined ? "" : `${formatDuration(state.secondsLeft)} left`;
  const parts = [epochCount(state), count, formatStepTime(state.msPerStep), left];
  return fit([...parts, ...formatLogs(state)], columns);
}

/** `Epoch 2/10  32/32  4.2 ms/step  loss 0.5123  val_loss 0.5341` */
export function epochLine(state: ProgressState): string {
  const count = state.steps === undefined ? `${state.step} steps` : pad(state.step, state.steps);
  return join([epochCount(state), count, formatStepTime(state.msPerStep), ...formatLogs(state)]);
}

/** Seconds as `0:07`, `12:40` or `3:02:11`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

/** Four digits that matter: `0.5123`, `12.35`, `1.234e-5`. */
export function formatValue(value: number): string {
  const magnitude = Math.abs(value);
  if (!Number.isFinite(value) || value === 0) return String(value);
  if (magnitude < 1e-3 || magnitude >= 1e5) return value.toExponential(3);
  if (magnitude < 1) return value.toFixed(4);
  return magnitude < 1000 ? value.toPrecision(4) : value.toFixed(0);
}

function epochCount({ epoch, epochs }: ProgressState): string {
  return `Epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`;
}

function bar(step: number, steps: number): string {
  const share = steps > 0 ? Math.min(1, Math.max(0, step / steps)) : 1;
  const filled = Math.floor(share * BAR_WIDTH);
  const head = filled < BAR_WIDTH ? ">" : "";
  return `[${`${"=".repeat(filled)}${head}`.padEnd(BAR_WIDTH)}]`;
}

function pad(step: number, steps: number): string {
  return `${String(step).padStart(String(steps).length)}/${steps}`;
}

function formatStepTime(msPerStep: number | undefined): string {
  if (msPerStep === undefined || !Number.isFinite(msPerStep)) return "";
  if (msPerStep >= 1000) return `${(msPerStep / 1000).toFixed(1)} s/step`;
  return msPerStep < 1
    ? `${Math.round(msPerStep * 1000)} µs/step`
    : `${msPerStep.toFixed(msPerStep < 10 ? 1 : 0)} ms/step`;
}

/** Names may be anything; what would move the cursor must not reach the terminal. */
function formatLogs({ logs }: ProgressState): string[] {
  return Object.entries(logs).map(
    ([name, value]) => `${name.replace(/\p{Cc}/gu, "?")} ${formatValue(value)}`,
  );
}

function join(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("  ");
}

/**
 * As many of the parts as fit: a line as wide as the terminal would wrap, and the next redraw would leave its first half
 * behind. A figure that is cut could be read as another one, so those that do not fit are left out whole.
 */
function fit(parts: readonly string[], columns: number): string {
  const room = columns - 1;
  const shown = parts.filter((part) => part !== "");
  if (widthOf(join(shown)) <= room) return join(shown);
  while (shown.length > 1) {
    shown.pop();
    const line = `${join(shown)} …`;
    if (widthOf(line) <= room) return line;
  }
  return [...join(shown)].slice(0, Math.max(0, room)).join("");
}

/** Characters of East Asian scripts and pictures take two columns of a terminal. */
function widthOf(text: string): number {
  return [...text].reduce((sum, character) => sum + (WIDE.test(character) ? 2 : 1), 0);
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}]/u;
