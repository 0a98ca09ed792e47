import { tensor } from "../../tensor/index.ts";
import type { BackupAndRestore } from "../callbacks/backup-and-restore.ts";
import type { CallbackList, SavedCallback } from "../callbacks/callback-list.ts";
import type { History } from "../history/history.ts";
import { namedHostTensors } from "./host-tensors.ts";
import { decodeModel, encodeModel, type ModelFile } from "./model-file.ts";

/** The model, as backups see it. */
export interface Restorable {
  /** All of it as it is at the call. */
  gather(): Promise<ModelFile>;
  /** Takes up weights, states, optimizer and position. Nothing is changed when it throws. */
  takeUp(file: ModelFile, source: string): void;
}

/** One `fit` with its backup: what goes into the file, and what comes out of it. */
export class FitBackup {
  readonly #callback: BackupAndRestore;
  readonly #model: Restorable;

  constructor(callback: BackupAndRestore, model: Restorable) {
    this.#callback = callback;
    this.#model = model;
  }

  /** Takes the model up from the backup; null when there is none. */
  async restore(): Promise<RestoredFit | null> {
    const bytes = await this.#callback.read();
    if (bytes === null) return null;
    const file = decodeModel(bytes, this.#callback.source);
    this.#model.takeUp(file, this.#callback.source);
    return new RestoredFit(file);
  }

  /** Makes a backup where one is due. */
  async rest(at: "batch" | "epoch", callbacks: CallbackList, history: History): Promise<void> {
    if (!this.#callback.isDue(at)) return;
    const saved = callbacks.save();
    const tensors = saved.flatMap((one, i) =>
      Object.entries(one.tensors).map(([name, tensor]) => ({ name: `${i}/${name}`, tensor })),
    );
    const fit = { rows: history.rows, callbacks: saved.map(({ state }) => state) };
    const [file, own] = await Promise.all([this.#model.gather(), namedHostTensors(tensors)]);
    await this.#callback.write(encodeModel({ ...file, fit, callbacks: own }));
  }

  finish(): Promise<void> {
    return this.#callback.finish();
  }
}

/** A `fit` that goes on. */
export class RestoredFit {
  readonly #file: ModelFile;

  constructor(file: ModelFile) {
    this.#file = file;
  }

  /** Adds the epochs of before to the record. */
  recall(history: History): void {
    for (const { epoch, logs } of this.#file.fit?.rows ?? []) history.add(epoch, logs);
  }

  /** Gives callbacks their states. */
  remind(callbacks: CallbackList): void {
    const states = this.#file.fit?.callbacks ?? [];
    const saved = states.map((state, i): SavedCallback => {
      const prefix = `${i}/`;
      const own = this.#file.callbacks.filter(({ name }) => name.startsWith(prefix));
      const tensors = own.map(({ name, data, shape, dtype }) => [
        name.slice(prefix.length),
        tensor(data, shape, dtype),
      ]);
      return { state, tensors: Object.fromEntries(tensors) };
    });
    callbacks.restore(saved);
  }
}
