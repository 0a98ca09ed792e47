import source from "../../shaders/gather.wgsl";
import { sizeOf } from "../graph/shape.ts";
import { input, type LowerContext, type Lowered, output, paramWords } from "./dispatch.ts";
import { linearGroups } from "./grid.ts";

const WORKGROUP = 64;

/** What a row that is not there consists of: NaN, the lowest int32, false. float16 comes as float32. */
const MISSING = { float32: 0x7fc00000, int32: 0x80000000, bool: 0 } as const;

/** One dispatch, an invocation for each element of the result. */
export function lowerGather({ node, limits }: LowerContext): Lowered {
  const [x, ids] = node.inputs;
  if (!x || !ids) throw new RangeError("gather takes a tensor and row numbers");
  const columns = sizeOf(x.shape.slice(1));
  const count = sizeOf(ids.shape) * columns;
  return {
    dispatches: [
      {
        kernel: { name: "gather", code: source, layout: "u-rrw" },
        bindings: [input(0), input(1), output(0)],
        params: paramWords([
          count,
          columns,
          x.shape[0] ?? 0,
          MISSING[x.dtype as keyof typeof MISSING],
        ]),
        workgroups: linearGroups(Math.ceil(count / WORKGROUP), limits),
        flops: 0,
        bytes: 8 * count + 4 * sizeOf(ids.shape),
      },
    ],
  };
}
