import { isPlainObject } from "../names/plain-object.ts";
import { Tensor } from "./tensor.ts";

/** The tensors in a nest of arrays and plain objects. */
export function tensorsIn(container: unknown): Tensor[] {
  const found: Tensor[] = [];
  mapTensors(container, (tensor) => {
    found.push(tensor);
    return tensor;
  });
  return found;
}

/** The nest with `change(tensor)` in place of each tensor, in the order of `tensorsIn`; all else stays. */
export function mapTensors(container: unknown, change: (tensor: Tensor) => unknown): unknown {
  if (container instanceof Tensor) return change(container);
  if (Array.isArray(container)) return container.map((item) => mapTensors(item, change));
  if (!isPlainObject(container)) return container;
  return Object.fromEntries(
    Object.entries(container).map(([key, item]) => [key, mapTensors(item, change)]),
  );
}
