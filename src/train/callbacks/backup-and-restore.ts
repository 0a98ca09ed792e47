import { ArgumentError } from "../../errors.ts";
import { type ModelStore, openStore, type StoreTarget } from "../../formats/index.ts";
import { type ConfigKeys, checkKeys } from "../../names/check-keys.ts";
import { describeValue } from "../../names/describe.ts";
import { isWholeNumber } from "../../names/whole-number.ts";
import { Callback } from "./callback.ts";

/** Settings of `backupAndRestore`. */
export interface BackupAndRestoreConfig {
  /** Where the backup is kept, as `model.save` takes it: one file for one training. */
  readonly target: StoreTarget;
  /** `"epoch"`: at each epoch's end; a number: after so many batches. Default `"epoch"`. */
  readonly saveFreq?: "epoch" | number;
  /** Whether the backup is removed once training came to its end. Default true. */
  readonly deleteCheckpoint?: boolean;
}

const keys: ConfigKeys<BackupAndRestoreConfig> = {
  target: "any",
  saveFreq: "any",
  deleteCheckpoint: "boolean",
};

const LABEL = "callbacks.backupAndRestore";

/** Made by `callbacks.backupAndRestore`. `fit` itself does the work, after all other callbacks. */
export class BackupAndRestore extends Callback {
  readonly #store: ModelStore;
  readonly #saveFreq: "epoch" | number;
  readonly #isDeleted: boolean;
  /** Batches since training began. */
  #batches = 0;

  /** @internal */
  constructor(config: BackupAndRestoreConfig) {
    super();
    checkKeys(LABEL, config, keys);
    this.#store = openStore(config.target);
    this.#saveFreq = checkFreq(config.saveFreq ?? "epoch");
    this.#isDeleted = config.deleteCheckpoint ?? true;
  }

  override onTrainBegin(): void {
    this.#batches = 0;
  }

  /** @internal Where the backup is kept, for messages. */
  get source(): string {
    return this.#store.name;
  }

  /** @internal The backup; null when there is none. */
  async read(): Promise<Uint8Array | null> {
    if ((await this.#store.exists?.()) === false) return null;
    const bytes = await this.#store.read();
    return bytes.length === 0 ? null : bytes; // a place of one's own that has nothing gives nothing
  }

  /** @internal Whether a backup is to be made now. */
  isDue(at: "batch" | "epoch"): boolean {
    if (this.#saveFreq === "epoch") return at === "epoch";
    if (at === "epoch") return false;
    this.#batches++;
    return this.#batches % this.#saveFreq === 0;
  }

  /** @internal */
  write(bytes: Uint8Array): Promise<void> {
    return this.#store.write(bytes);
  }

  /** @internal Training came to its end. */
  async finish(): Promise<void> {
    if (this.#isDeleted) await this.#store.remove?.();
  }
}

/**
 * Makes training outlive the process: the model, its optimizer, the order of the samples, the random numbers, the figures
 * of the epoch under way, the record and the states of the other callbacks are backed up, and `fit` of the same
 * program goes on from the backup, to the same bits, as if it had not been interrupted.
 *
 * A data set has to give the same batches again in pass number n. Those of `sl.data` do, where `shuffle` and
 * `Windows.batches` are told a seed (or `setSeed` was called before they were made): the pass of an epoch has the same
 * order in every process. Batches of one's own are given as a function of the number of the pass,
 * `(pass) => batchesOf(pass)`.
 *
 * Counterpart of `keras.callbacks.BackupAndRestore`.
 *
 * @example
 * const backup = sl.callbacks.backupAndRestore({ target: "out/backup.safetensors" });
 * await net.fit(x, y, { epochs: 100, callbacks: [backup] }); // run again after a crash
 *
 * @throws {ArgumentError} for an option that there is not.
 * @throws {FormatError} by `fit`, when the backup is damaged or of another model; nothing is changed.
 */
export function backupAndRestore(config: BackupAndRestoreConfig): BackupAndRestore {
  return new BackupAndRestore(config);
}

function checkFreq(saveFreq: "epoch" | number): "epoch" | number {
  if (saveFreq === "epoch" || isWholeNumber(saveFreq, 1)) return saveFreq;
  throw new ArgumentError(
    `${LABEL}: received saveFreq ${describeValue(saveFreq)}. Expected "epoch", or a number of batches from 1 on.`,
  );
}
