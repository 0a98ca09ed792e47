import type { HostTensor } from "../../formats/index.ts";
import { fetchWeights } from "../../layers/weights.ts";
import type { NamedTensor } from "../../optimizers/named-tensor.ts";
import type { Variable } from "../../tensor/index.ts";

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
