import { type ConfigKeys, checkKeys } from "../../names/check-keys.ts";
import { Callback } from "./callback.ts";
import type { CallbackState, Logs } from "./callback-hooks.ts";
import { LineTarget, type LogTarget } from "./line-target.ts";

/** Settings of `jsonlLogger`. */
export interface JSONLLoggerConfig {
  /** Whether lines are added to those of a file that is there; else it is written anew. Default false. */
  readonly append?: boolean;
}

const keys: ConfigKeys<JSONLLoggerConfig> = { append: "boolean" };

const LABEL = "callbacks.jsonlLogger";

/** Made by `callbacks.jsonlLogger`. */
export class JSONLLogger extends Callback {
  readonly #target: LineTarget;
  readonly #append: boolean;
  #hasBegun = false;
  /** Whether a process before this one wrote to the place. */
  #goesOn = false;

  /** @internal */
  constructor(target: LogTarget, config: JSONLLoggerConfig) {
    super();
    checkKeys(LABEL, config, keys);
    this.#target = new LineTarget(LABEL, target, "\n");
    this.#append = config.append ?? false;
  }

  override onTrainBegin(): void {
    this.#hasBegun = false;
    this.#goesOn = this.#append;
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    if (this.#goesOn) await this.#target.endLine();
    else if (!this.#hasBegun) await this.#target.clear();
    this.#goesOn = false;
    this.#hasBegun = true;
    await this.#target.add(JSON.stringify({ epoch, ...logs }));
  }

  override onTrainExit(): void {
    this.#target.release();
  }

  override getState(): CallbackState {
    return { hasBegun: this.#hasBegun };
  }

  override setState({ hasBegun }: CallbackState): void {
    this.#hasBegun = hasBegun === true;
    this.#goesOn = this.#append || this.#hasBegun;
  }
}

/**
 * Writes a line of JSON at each epoch's end: `{"epoch":0,"loss":0.51,"val_loss":0.53}`. What is not finite is null there.
 * JSON Lines, jsonlines.org.
 *
 * @example
 * const send = async (line: string) => {
 *   console.log(JSON.parse(line).loss);
 * };
 * await net.fit(x, y, { epochs: 3, callbacks: sl.callbacks.jsonlLogger(send) });
 *
 * @param target A path in Node; a function that takes each line, or a stream of text, anywhere.
 * @throws {ArgumentError} for what is no such target, and for an option that there is not.
 */
export function jsonlLogger(target: LogTarget, config: JSONLLoggerConfig = {}): JSONLLogger {
  return new JSONLLogger(target, config);
}
