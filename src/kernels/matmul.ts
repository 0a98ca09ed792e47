import aLoose from "../../shaders/lib/matmul_a_loose.wgsl";
import aPacked from "../../shaders/lib/matmul_a_packed.wgsl";
import bLoose from "../../shaders/lib/matmul_b_loose.wgsl";
import bPacked from "../../shaders/lib/matmul_b_packed.wgsl";
import source from "../../shaders/matmul.wgsl";
import slabsSource from "../../shaders/matmul_slabs.wgsl";
import type { Node } from "../graph/node.ts";
import { specBytes } from "../graph/spec.ts";
import {
  type Dispatch,
  type Epilogue,
  input,
  type LowerContext,
  type Lowered,
  output,
  paramWords,
  scratch,
} from "./dispatch.ts";
import { STORE_TYPE } from "./fused-source.ts";
import { linearGroups } from "./grid.ts";
import { batchWords, type MatMulShape, matMulShape } from "./matmul-shape.ts";
import { specialize } from "./specialize.ts";

/** Lanes of a workgroup, and the most of them that lie side by side. */
const LANES = 64;
const MAX_LANES_X = 8;
const SLABS_WORKGROUP = 64;

/** Rows and columns of the tile that one invocation computes. */
const ROWS = 8;

/** K of a slab is at least this, and slabs are added until about so many invocations have work. */
const MIN_SLAB_DEPTH = 128;
const WANTED_INVOCATIONS = 1 << 14;
const MAX_SLAB_BYTES = 1 << 26;

/** What goes into the shader's text. Depends on flags and on sizes that a model fixes, never on B or T. */
export interface MatMulVariant {
  /** Groups of four columns that one invocation computes. */
  readonly columnBlocks: 1 | 2;
  readonly lanesX: number;
  readonly lanesY: number;
  /** Four rows of A (columns of B) are one aligned vec4. */
  readonly packedA: boolean;
  readonly packedB: boolean;
  /** Two dispatches: partial products of slabs of K, and their sum. */
  readonly isSplit: boolean;
}

/**
 * Chooses the variant. The sizes that a model fixes are K and N where A is read as it lies (its rows run
 * over batch and time), and M and N where it is transposed (a weight gradient, whose K runs over them).
 * Weight gradients have few results and a long sum, so they are split, as are products of a long fixed K.
 */
export function chooseMatMul(shape: MatMulShape): MatMulVariant {
  const { m, n, k, transposeA, transposeB, isBatched } = shape;
  const columnBlocks = n > 4 ? 2 : 1;
  const neighbours = Math.ceil(n / (4 * columnBlocks));
  const lanesX = Math.min(MAX_LANES_X, 2 ** Math.ceil(Math.log2(Math.max(1, neighbours))));
  return {
    columnBlocks,
    lanesX,
    lanesY: LANES / lanesX,
    packedA: transposeA && m % 4 === 0,
    packedB: !transposeB && n % 4 === 0,
    isSplit: !isBatched && (transposeA ? m * n < 1 << 18 : k >= 2048 && n <= 1024),
  };
}

/**
 * Batched matrix product with broadcast batch axes, either operand transposed, and a fused epilogue.
 * Inputs a, b; attributes `transposeA`, `transposeB`.
 */
export function lowerMatMul(context: LowerContext): Lowered {
  const shape = matMulShape(context.node);
  const size = shape.batches * shape.m * shape.n;
  if (size === 0) return { dispatches: [] };
  const variant = chooseMatMul(shape);
  if (!variant.isSplit) {
    return { dispatches: [product(context, { shape, variant, slabs: 1, depth: shape.k })] };
  }
  const { slabs, depth } = slabsFor(shape, variant, context.limits.maxStorageBufferBindingSize);
  return {
    dispatches: [
      product(context, { shape, variant, slabs, depth }),
      addSlabs(context, { size, slabs }),
    ],
    scratch: [slabs * size * 4],
  };
}

interface Product {
  readonly shape: MatMulShape;
  readonly variant: MatMulVariant;
  readonly slabs: number;
  /** Terms of the sum in each slab but the last. */
  readonly depth: number;
}

function product(context: LowerContext, { shape, variant, slabs, depth }: Product): Dispatch {
  const { m, n, k, batches, transposeA, transposeB } = shape;
  const rowTiles = Math.ceil(m / (ROWS * variant.lanesY));
  const columnTiles = Math.ceil(n / (4 * variant.columnBlocks * variant.lanesX));
  const epilogue = variant.isSplit ? null : context.epilogue;
  const strides = [...(transposeA ? [1, m] : [k, 1]), ...(transposeB ? [k, 1] : [1, n])];
  const tiles = [rowTiles, columnTiles, slabs, depth, batches];
  const ends = [shape.batchAxes.length, ROWS * 4 * variant.columnBlocks, 0, 0];
  const outputs = slabs * batches * m * n;
  return {
    kernel: {
      name: "matmul",
      code: matMulCode(variant, context, epilogue),
      layout: `u${wordsLetter(epilogue)}rrw${epilogue?.layout ?? ""}`,
    },
    bindings: [
      input(0),
      input(1),
      variant.isSplit ? scratch(0) : output(0),
      ...(epilogue?.bindings ?? []),
    ],
    params: paramWords([m, n, k, ...strides, ...tiles, ...ends, ...batchWords(shape)]),
    ...(epilogue && { words: epilogue.words }),
    workgroups: linearGroups(batches * slabs * rowTiles * columnTiles, context.limits),
    flops: batches * m * n * (2 * k + (epilogue?.flopsPerElement ?? 0)),
    bytes: context.node.inputs.reduce((sum, { spec }) => sum + specBytes(spec), 4 * outputs),
  };
}

function matMulCode(
  variant: MatMulVariant,
  { node }: LowerContext,
  epilogue: Epilogue | null,
): string {
  const { columnBlocks, lanesX, lanesY, packedA, packedB } = variant;
  const constants = {
    COLUMN_BLOCKS: `${columnBlocks}u`,
    COLUMNS: `${4 * columnBlocks}u`,
    LANES_X: `${lanesX}u`,
    LANES_Y: `${lanesY}u`,
  };
  const [a, b] = node.inputs;
  // Partial products are float32, whatever their sum is stored as.
  const aliases = {
    ElementA: STORE_TYPE[a?.dtype ?? "float32"],
    ElementB: STORE_TYPE[b?.dtype ?? "float32"],
    Result: variant.isSplit ? "f32" : resultType(node, epilogue),
  };
  const operands = [packedA ? aPacked : aLoose, packedB ? bPacked : bLoose];
  const text = [source, ...operands, epilogueCode(epilogue, 5)].join("\n");
  return specialize(text, constants, aliases);
}

/** The sum of the partial products, in the order of the slabs, with the epilogue. */
function addSlabs(
  context: LowerContext,
  { size, slabs }: { size: number; slabs: number },
): Dispatch {
  const { epilogue, limits } = context;
  const code = [slabsSource, epilogueCode(epilogue, 4)].join("\n");
  return {
    kernel: {
      name: "matmul_slabs",
      code: specialize(
        code,
        { WORKGROUP: `${SLABS_WORKGROUP}u` },
        { Result: resultType(context.node, epilogue) },
      ),
      layout: `u${wordsLetter(epilogue)}rw${epilogue?.layout ?? ""}`,
    },
    bindings: [scratch(0), output(0), ...(epilogue?.bindings ?? [])],
    params: paramWords([size, slabs]),
    ...(epilogue && { words: epilogue.words }),
    workgroups: linearGroups(Math.ceil(size / SLABS_WORKGROUP), limits),
    flops: size * (slabs + (epilogue?.flopsPerElement ?? 0)),
    bytes: 4 * size * (slabs + 1),
  };
}

/** How K is cut: sizes only, so the same product is cut alike everywhere and gives the same bits. */
export function slabsFor(
  { m, n, k }: MatMulShape,
  { columnBlocks }: MatMulVariant,
  maxBytes: number,
): { slabs: number; depth: number } {
  const invocations = Math.ceil(m / ROWS) * Math.ceil(n / (4 * columnBlocks));
  const most = Math.min(
    Math.ceil(WANTED_INVOCATIONS / invocations),
    Math.floor(k / MIN_SLAB_DEPTH),
    Math.floor(Math.min(maxBytes, MAX_SLAB_BYTES) / (4 * m * n)),
  );
  const depth = Math.max(1, Math.ceil(k / Math.max(1, most)));
  return { slabs: Math.max(1, Math.ceil(k / depth)), depth };
}

function epilogueCode(epilogue: Epilogue | null, firstBinding: number): string {
  if (epilogue) return epilogue.emit(firstBinding);
  return "fn epilogue(value: f32, index: u32) -> Result { return Result(value); }";
}

function resultType({ outputs: [product] }: Node, epilogue: Epilogue | null): string {
  return STORE_TYPE[epilogue?.dtype ?? product?.dtype ?? "float32"];
}

function wordsLetter(epilogue: Epilogue | null): "u" | "-" {
  return epilogue && epilogue.words.fixed.length > 0 ? "u" : "-";
}
