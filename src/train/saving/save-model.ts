import type { HostTensor } from "../../formats/index.ts";
import type { AnyLayer } from "../../layers/layer.ts";
import { serializeLayer } from "../../layers/serialize.ts";
import { fetchWeights } from "../../layers/weights.ts";
import type { NamedTensor } from "../../optimizers/optimizer.ts";
import type { Variable } from "../../tensor/index.ts";
import type { Container } from "../container.ts";
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
  return { topology, metadata, weights, states, optimizer, figures, training: record };
}

/** Variables by name, on the host. */
export async function hostTensors(variables: ReadonlyMap<string, Variable>): Promise<HostTensor[]> {
  const content = fetchWeights([...variables.values()]);
  const data = await Promise.all(content);
  return [...variables].flatMap(([name, { dtype, shape }], i) => {
    const own = data[i];
    return own === undefined ? [] : [{ name, dtype, shape, data: own }];
  });
}

/** Tensors by name, on the host. */
export async function namedHostTensors(tensors: readonly NamedTensor[]): Promise<HostTensor[]> {
  return Promise.all(
    tensors.map(async ({ name, tensor }) => {
      const { dtype, shape } = tensor;
      return { name, dtype, shape, data: await tensor.data() };
    }),
  );
}
