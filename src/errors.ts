/**
 * Every failure that sluice reports is one of these classes. A message says what was received, what was
 * expected, and the way out; `code` is stable across versions and `details` carries the same facts as data.
 */
export class SluiceError extends Error {
  /** Stable name of the failure, e.g. `"shape"`; safe to compare against. */
  readonly code: string;
  /** The facts of the message as plain data. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: ErrorDetails = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** What an error may carry beside its message. */
export interface ErrorDetails {
  readonly cause?: unknown;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A shape, rank, axis, length or count does not fit. */
export class ShapeError extends SluiceError {
  constructor(message: string, options?: ErrorDetails) {
    super("shape", message, options);
  }
}

/** A dtype does not fit, or data of a kind that no dtype can hold (strings, mixed arrays). */
export class DTypeError extends SluiceError {
  constructor(message: string, options?: ErrorDetails) {
    super("dtype", message, options);
  }
}

/** An argument has a value that is not allowed: an unknown name, a negative count, an empty list. */
export class ArgumentError extends SluiceError {
  constructor(message: string, options?: ErrorDetails) {
    super("argument", message, options);
  }
}

/** The work does not fit the limits of this device; nothing was allocated. */
export class LimitError extends SluiceError {
  constructor(message: string, options?: ErrorDetails) {
    super("limit", message, options);
  }
}

/** A tensor, variable or model was used after `dispose()`. */
export class DisposedError extends SluiceError {
  constructor(message: string, options?: ErrorDetails) {
    super("disposed", message, options);
  }
}

/** A lazy tensor was evaluated after a variable that it reads had changed. */
export class StaleReadError extends SluiceError {
  constructor(message: string, options?: ErrorDetails) {
    super("stale-read", message, options);
  }
}

/** Something that cannot be recorded was asked for while `compile` records a function. */
export class TraceError extends SluiceError {
  constructor(message: string, options?: ErrorDetails) {
    super("trace", message, options);
  }
}

/** A loss, gradient or value is not finite. */
export class NumericsError extends SluiceError {
  constructor(message: string, options?: ErrorDetails) {
    super("numerics", message, options);
  }
}

/** There is no WebGPU here; the message says what to install on this platform. */
export class UnsupportedError extends SluiceError {
  constructor(message: string, options?: ErrorDetails) {
    super("unsupported", message, options);
  }
}

/** The GPU device is gone: the driver reset it, it was unplugged, or `destroy()` was called. */
export class DeviceLostError extends SluiceError {
  constructor(message: string, options?: ErrorDetails) {
    super("device-lost", message, options);
  }
}

/** The GPU refused work: validation, out of memory, or an internal failure of the driver. */
export class GpuError extends SluiceError {
  constructor(message: string, options?: ErrorDetails) {
    super("gpu", message, options);
  }
}

/** A file does not hold what its format promises. */
export class FormatError extends SluiceError {
  constructor(message: string, options?: ErrorDetails) {
    super("format", message, options);
  }
}

/** A file system, a browser's storage or a server did not give or take a file: not there, no right, no space. */
export class StoreError extends SluiceError {
  constructor(message: string, options?: ErrorDetails) {
    super("store", message, options);
  }
}

/** Work was stopped through an `AbortSignal`; `name` is `"AbortError"`, as the platform has it. */
export class AbortError extends SluiceError {
  constructor(message: string, options?: ErrorDetails) {
    super("abort", message, options);
    this.name = "AbortError";
  }
}
