import source from "../../shaders/cache_append.wgsl";
import { sizeOf } from "../graph/shape.ts";
import { input, type LowerContext, type Lowered, paramWords } from "./dispatch.ts";
import { linearGroups } from "./grid.ts";
import { specialize } from "./specialize.ts";

const WORKGROUP = 64;

/** One dispatch, an invocation for each element of the new rows; the cache is changed where it lies. */
export function lowerCacheAppend({ node, limits }: LowerContext): Lowered {
  const [cache, rows] = node.inputs;
  if (!cache || !rows) throw new RangeError("cacheAppend takes a cache and rows");
  const count = sizeOf(rows.shape);
  const [, time = 1] = rows.shape;
  const [, capacity = 1] = cache.shape;
  if (count === 0) return { dispatches: [] };
  const Element = cache.dtype === "float16" ? "f16" : "u32";
  return {
    dispatches: [
      {
        kernel: {
          name: "cache_append",
          code: specialize(source, {}, { Element }),
          layout: "u-wrr",
        },
        bindings: [input(0), input(1), input(2)],
        params: paramWords([count, time, capacity, sizeOf(rows.shape.slice(2))]),
        workgroups: linearGroups(Math.ceil(count / WORKGROUP), limits),
        flops: 0,
        bytes: 8 * count + 4,
      },
    ],
  };
}
