/**
 * What the engine asks of the place it runs in. Browsers and Node each have one implementation, chosen by
 * the package's import conditions (`#platform`), so that nothing below ever mentions Node.
 */
export interface Platform {
  /** `"browser"` or `"node"`; for messages only. */
  readonly name: string;
  /**
   * The place's WebGPU entry point, made on first use.
   * @throws {UnsupportedError} saying what to install, when there is none.
   */
  gpu(): Promise<GPU>;
  /**
   * A second entry point, served by a driver in software, for when the first offers no adapter;
   * `undefined` where this place has none. Absent in browsers, which choose their driver themselves.
   */
  softwareGpu?(): Promise<GPU | undefined>;
  /** What to tell somebody whose WebGPU offers no adapter. */
  readonly noAdapterAdvice: string;
  /** Makes the progress bar that `fit` writes to the terminal; absent where there is no terminal. */
  progressBar?(options?: ProgressBarOptions): ProgressBar;
  /** Files by path; absent in pages. */
  readonly files?: Files;
}

/**
 * Files of the place, by path (or `file:` URL). Every failure is a `StoreError` with the path, the way out and, as
 * `cause`, the system's own error.
 */
export interface Files {
  read(path: string): Promise<Uint8Array>;
  /** The content in pieces; the file is open from the first piece asked for until the last, or an early `return()`. */
  open(path: string): AsyncIterable<Uint8Array>;
  /**
   * Puts a whole file in place of what is there: at any moment, also after the process was killed, a reader finds the
   * old or the new one. Keeps the permissions of a file that is there and follows links; makes folders that are
   * missing.
   */
  replace(path: string, content: Uint8Array): Promise<void>;
  /** Puts text at the end of a file, which it makes where there is none. */
  append(path: string, text: string): Promise<void>;
  exists(path: string): Promise<boolean>;
  /** The full path of the file that a path leads to, through links; the file need not be there. */
  locate(path: string): Promise<string>;
  /** Removes a file; one that is not there is no failure. */
  remove(path: string): Promise<void>;
}

/** Where a progress bar writes, and how wide. */
export interface ProgressBarOptions {
  /** Takes the text; default: the process's standard output. */
  readonly stream?: { write(text: string): unknown };
  /** Redraw one line in place; otherwise one line an epoch. Default: whether the stream is a terminal. */
  readonly isTerminal?: boolean;
  /** Width of the terminal in characters; default: asked of the stream at each redraw, else 80. */
  readonly columns?: number;
}

/** What there is to show at one moment of training. */
export interface ProgressState {
  /** Epochs and steps done or under way, counted from 1. */
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  /** Steps of an epoch; `undefined` while a data source of unknown length runs for the first time. */
  readonly steps?: number;
  /** `loss`, `val_loss`, metrics; in this order. */
  readonly logs: Readonly<Record<string, number>>;
  /** Milliseconds a step, averaged over this epoch. */
  readonly msPerStep?: number;
  /** Seconds until this epoch ends. */
  readonly secondsLeft?: number;
}

/** Shows how training proceeds. */
export interface ProgressBar {
  /** Whether `update` shows anything. */
  readonly isLive: boolean;
  update(state: ProgressState): void;
  endEpoch(state: ProgressState): void;
  /** Leaves the cursor on a fresh line; safe to call at any time, also twice. */
  close(): void;
}
