import source from "../../shaders/scatter_add.wgsl";
import { sizeOf } from "../graph/shape.ts";
import { input, type LowerContext, type Lowered, output, paramWords } from "./dispatch.ts";
import { linearGroups } from "./grid.ts";

const WORKGROUP = 64;

/** One dispatch, an invocation for each element of the result. */
export function lowerScatterAdd({ node, limits }: LowerContext): Lowered {
  const [ids, updates] = node.inputs;
  if (!ids || !updates) throw new RangeError("scatterAdd takes row numbers and updates");
  const rows = node.attributes.rows as number;
  const count = sizeOf(ids.shape);
  const columns = sizeOf(updates.shape.slice(ids.shape.length));
  return {
    dispatches: [
      {
        kernel: { name: "scatter_add", code: source, layout: "u-rrw" },
        bindings: [input(0), input(1), output(0)],
        params: paramWords([rows, columns, count]),
        workgroups: linearGroups(Math.ceil((rows * columns) / WORKGROUP), limits),
        flops: rows * columns * count,
        bytes: 4 * (rows * columns + count * columns + count),
      },
    ],
  };
}
