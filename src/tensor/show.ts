import { type TensorLike, toTensor } from "./convert.ts";

/**
 * Writes shape and values to the console, once they are computed: `await` it to keep the order of the lines.
 *
 * @example
 * await sl.print([[1, 2], [3, 4]]);
 */
export async function print(x: TensorLike): Promise<void> {
  await toTensor(x, "print").print();
}
