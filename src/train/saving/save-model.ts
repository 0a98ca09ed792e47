import type { HostTensor } from "../../formats/index.ts";
import type { AnyLayer } from "../../layers/layer.ts";
import { serializeLayer } from "../../layers/serialize.ts";
import type { Container } from "../container.ts";
import { hostTensors } from "./host-tensors.ts";
import type { ModelFile } from "./model-file.ts";
import type { TrainingRecord } from "./training-record.ts";
import { plainMetadata } from "./user-metadata.ts";

/** What training adds to a file, as it is now. */
export interface TrainingSnapshot {
  readonly record: TrainingRecord;
  readonly optimizer: Promise<readonly HostTensor[]>;
  readonly figures: Promise<readonly HostTensor[]>;
}

/**
 * Collects all of a model as it is at the call: everything is asked of the GPU before the first wait, so what training
 * does meanwhile is not in it.
 */
export async function gatherModel(
  model: Container,
  training: TrainingSnapshot | null,
): Promise<ModelFile> {
  const topology = serializeLayer(model as unknown as AnyLayer);
  const metadata = plainMetadata(model.getUserDefinedMetadata()) as Record<string, unknown>;
  const [weights, states, optimizer, figures] = await Promise.all([
    hostTensors(model.weightsByPath()),
    hostTensors(model.statesByPath()),
    training?.optimizer ?? [],
    training?.figures ?? [],
  ]);
  const record = training?.record ?? null;
  const own = { topology, metadata, weights, states, optimizer, figures };
  return { ...own, training: record, fit: null, callbacks: [] };
}
