import { isUtf8 } from "node:buffer";

/** A tensor of a file as the checker sees it. */
export interface PlainTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface PlainContent {
  readonly tensors: ReadonlyMap<string, PlainTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * What a file of the safetensors format holds, or null where it breaks a rule. A second reading of the format, which
 * shares nothing with src/: JSON.parse, a tokenizer for what JSON.parse hides, and BigInt for sizes.
 * Source: the section "Format" of github.com/huggingface/safetensors, README.
 */
export function checkPlainly(bytes: Uint8Array): PlainContent | null {
  const file = Buffer.from(bytes);
  if (file.length < 8) return null;
  const length = file.readBigUInt64LE(0);
  if (length > 100_000_000n || length > BigInt(file.length - 8)) return null;
  const header = file.subarray(8, 8 + Number(length));
  if (!isUtf8(header) || header[0] !== 0x7b) return null;
  const text = header.toString("utf8");
  const members = parse(text);
  if (members === null || !hasPlainTokens(text)) return null;
  return readMembers(members, file.subarray(8 + Number(length)));
}

function parse(text: string): [string, unknown][] | null {
  try {
    return Object.entries(JSON.parse(text) as object);
  } catch {
    return null;
  }
}

/** What JSON.parse accepts and the format does not: keys twice, numbers other than counts, half surrogate pairs. */
function hasPlainTokens(text: string): boolean {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g) ?? [];
  const objects: (Set<string> | null)[] = [];
  for (const [i, token] of tokens.entries()) {
    if (token === "{") objects.push(new Set());
    else if (token === "[") objects.push(null);
    else if (token === "}" || token === "]") objects.pop();
    else if (token.startsWith('"')) {
      const value = JSON.parse(token) as string;
      if (!isWhole(value)) return false;
      if (tokens[i + 1] !== ":") continue;
      const keys = objects.at(-1);
      if (keys?.has(value)) return false;
      keys?.add(value);
    } else if (token !== ":" && token !== ",") {
      if (!/^\d+$/.test(token) || BigInt(token) >= 2n ** 53n) return false;
    }
  }
  return true;
}

function isWhole(text: string): boolean {
  try {
    encodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function readMembers(members: [string, unknown][], data: Buffer): PlainContent | null {
  const tensors = new Map<string, PlainTensor>();
  const metadata = new Map<string, string>();
  const ranges: (readonly [number, number])[] = [];
  for (const [name, value] of members) {
    if (name === "__metadata__") {
      if (!isDictionary(value)) return null;
      for (const [key, text] of Object.entries(value)) {
        if (typeof text !== "string") return null;
        metadata.set(key, text);
      }
      continue;
    }
    if (!isDictionary(value)) return null;
    if (Object.keys(value).sort().join() !== "data_offsets,dtype,shape") return null;
    const { dtype, shape, data_offsets: offsets } = value;
    const bits = typeof dtype === "string" ? (BITS.get(dtype) ?? null) : null;
    if (bits === null || !areNumbers(shape) || !areNumbers(offsets) || offsets.length !== 2) {
      return null;
    }
    const [begin = 0, end = 0] = offsets;
    if (BigInt(end - begin) * 8n !== bitsOf(bits, shape)) return null;
    ranges.push([begin, end]);
    tensors.set(name, { dtype: String(dtype), shape, bytes: data.subarray(begin, end) });
  }
  ranges.sort(([a, b], [c, d]) => a - c || b - d);
  const last = ranges.reduce((free, [begin, end]) => (begin === free ? end : Number.NaN), 0);
  return last === data.length ? { tensors, metadata } : null;
}

function bitsOf(bits: number, shape: readonly number[]): bigint | null {
  let product = BigInt(bits);
  for (const dim of shape) {
    product *= BigInt(dim);
    if (product >= 2n ** 53n) return null;
  }
  return product;
}

function isDictionary(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function areNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}

const BITS: ReadonlyMap<string, number> = new Map([
  ...["F4"].map((name) => [name, 4] as const),
  ...["F6_E2M3", "F6_E3M2"].map((name) => [name, 6] as const),
  ...["BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0"].map((name) => [name, 8] as const),
  ...["F8_E4M3FNUZ", "F8_E5M2FNUZ"].map((name) => [name, 8] as const),
  ...["I16", "U16", "F16", "BF16"].map((name) => [name, 16] as const),
  ...["I32", "U32", "F32"].map((name) => [name, 32] as const),
  ...["C64", "F64", "I64", "U64"].map((name) => [name, 64] as const),
]);
