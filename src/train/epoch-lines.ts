import type { ProgressBar } from "../gpu/platform.ts";

/** Shows each epoch as a line of the console: `Epoch 2/10  loss 0.5123  val_loss 0.5341`. */
export function consoleLines(log: (line: string) => void = console.log): ProgressBar {
  return {
    isLive: false,
    update() {},
    endEpoch({ epoch, epochs, logs }) {
      const figures = Object.entries(logs).map(
        ([name, value]) => `${name} ${Number(value.toPrecision(4))}`,
      );
      log([`Epoch ${epoch}/${epochs}`, ...figures].join("  "));
    },
    close() {},
  };
}
