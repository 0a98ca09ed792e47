import { onTestFinished, vi } from "vitest";
import { sgd } from "../../../src/optimizers/sgd.ts";
import type { Tensor, TensorLike } from "../../../src/tensor/index.ts";
import type {
  CallbackHooks,
  CallbackModel,
  EpochLogs,
} from "../../../src/train/callbacks/callback-hooks.ts";
import { CallbackList } from "../../../src/train/callbacks/callback-list.ts";
import type { FitParams } from "../../../src/train/callbacks/fit-params.ts";

/** A model without layers that notes what is asked of it. */
export class FakeModel implements CallbackModel {
  readonly name = "fake";
  stopTraining = false;
  readonly optimizer = sgd(0.1);
  /** `save a.safetensors`, `saveWeights b`. */
  readonly calls: string[] = [];

  readonly weights = [];

  predict(): Tensor[] {
    return [];
  }

  evaluate(): Tensor[] {
    return [];
  }

  getWeights(): Tensor[] {
    return [];
  }

  setWeights(_values: readonly TensorLike[]): void {
    this.calls.push("setWeights");
  }

  resetStates(): void {
    this.calls.push("resetStates");
  }

  async save(target: string | object): Promise<void> {
    this.calls.push(`save ${String(target)}`);
  }

  async saveWeights(target: string | object): Promise<void> {
    this.calls.push(`saveWeights ${String(target)}`);
  }
}

export const params: FitParams = {
  epochs: 10,
  initialEpoch: 0,
  steps: 2,
  samples: 8,
  validationSamples: 0,
  batchSize: 4,
  verbose: 0,
  doValidation: false,
  metrics: ["loss"],
};

/** One training without a GPU: callbacks get the figures of epoch after epoch, as `fit` hands them out. */
export class FakeFit {
  readonly model: FakeModel;
  readonly list: CallbackList;
  /** The figures of each epoch, with what callbacks added. */
  readonly history: EpochLogs[] = [];
  #epoch: number;

  constructor(
    callbacks: CallbackHooks | readonly CallbackHooks[],
    options: { model?: FakeModel; epoch?: number; params?: Partial<FitParams> } = {},
  ) {
    this.model = options.model ?? new FakeModel();
    this.model.stopTraining = false;
    this.list = new CallbackList("fake.fit", callbacks, this.model);
    this.list.setParams({ ...params, ...options.params });
    this.#epoch = options.epoch ?? 0;
  }

  /** Epochs with these figures, until training is stopped. @returns The epoch that stopped it, or null. */
  async run(table: readonly EpochLogs[], batches = 0): Promise<number | null> {
    for (const logs of table) {
      const epoch = this.#epoch++;
      await this.list.epochBegin(epoch);
      for (let batch = 0; batch < batches; batch++) await this.list.batchEnd(batch, logs);
      this.history.push({ ...(await this.list.epochEnd(epoch, logs)) });
      if (this.model.stopTraining) return epoch;
    }
    return null;
  }

  async end(): Promise<void> {
    await this.list.trainEnd({});
    await this.list.trainExit();
  }
}

/** A whole training of one figure. @returns The epoch that stopped it, or null. */
export async function train(
  callbacks: CallbackHooks | readonly CallbackHooks[],
  figures: readonly number[],
  { name = "val_loss", model = new FakeModel() } = {},
): Promise<number | null> {
  const fit = new FakeFit(callbacks, { model });
  await fit.list.trainBegin();
  const stopped = await fit.run(figures.map((value) => ({ [name]: value })));
  await fit.end();
  return stopped;
}

/** What the console is told during a test. */
export function listen(method: "log" | "warn"): string[] {
  const lines: string[] = [];
  const spy = vi.spyOn(console, method).mockImplementation((line) => void lines.push(String(line)));
  onTestFinished(() => spy.mockRestore());
  return lines;
}
