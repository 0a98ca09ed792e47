import source from "../../shaders/sample_token.wgsl";
import { input, type LowerContext, type Lowered, output, paramWords } from "./dispatch.ts";
import { rowKernel, rowsOf } from "./rows.ts";

/** Passes over a row that find where one rule cuts the order of its tokens. */
const PASSES_OF_CUT = 34;

/** One dispatch; the rules are numbers that it reads, so changing them compiles nothing. */
export function lowerSampleToken({ node, limits }: LowerContext): Lowered {
  const [logits] = node.inputs;
  if (!logits) throw new RangeError("sampleToken takes logits");
  const { temperature, topK, topP, minP } = node.attributes as Readonly<Record<string, number>>;
  if (topK === undefined) throw new RangeError("sampleToken takes its rules");
  const shape = rowsOf(logits);
  const { rows, columns } = shape;
  const { code, workgroups } = rowKernel(source, shape, { limits });
  const indexBits = Math.ceil(Math.log2(columns + 1));
  const cuts = (topK > 0 ? 1 : 0) + ((topP ?? 1) < 1 ? 1 : 0);
  const f32 = (value = 0): { f32: number } => ({ f32: value });
  return {
    dispatches: [
      {
        kernel: { name: "sample_token", code, layout: "uurrw" },
        bindings: [input(0), input(1), output(0)],
        params: paramWords([
          rows,
          columns,
          topK,
          indexBits,
          f32(temperature),
          f32(topP),
          f32(minP),
        ]),
        words: { fixed: new Uint32Array(4), scalars: [{ word: 0, scalar: 0 }], stepped: [] },
        workgroups,
        flops: rows * columns * (200 + cuts * 20 * (PASSES_OF_CUT + indexBits)),
        bytes: 4 * (rows * columns + rows + 1),
      },
    ],
  };
}
