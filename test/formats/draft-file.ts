import { randomSource } from "../helpers/random-values.ts";

/** A file in the making: the header as pieces of text, so that keys may come twice and tokens be no JSON. */
export interface Draft {
  readonly members: Member[];
  data: Buffer;
  /** Between the pieces of the header. */
  space: string;
  /** In front of and behind the header's text. */
  before: string;
  after: string;
}

/** A tensor, or anything else with its value as text. */
export interface Member {
  key: string;
  fields?: Fields;
  /** What data_offsets say before they are doctored. */
  range?: readonly [number, number];
  value?: string;
}

/** Tokens of JSON. */
export type Fields = { dtype: string; shape: string; data_offsets: string; [more: string]: string };

/** Random choices of one case. */
export class Dice {
  readonly next: () => number;
  constructor(seed: number) {
    this.next = randomSource(seed);
    for (let i = 0; i < 3; i++) this.next();
  }
  /** A whole number below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
  bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)));
  }
}

const NAMES = ["a", "b", "", "__proto__", "constructor", "toString", "ü/kernel", "😀", "a b", "7"];
export const DTYPES = [
  ...["BOOL", "U8", "I8", "F8_E4M3", "I16", "F16", "BF16", "I32", "F32", "F32", "F64", "I64"],
  ...["U64", "U16", "U32", "C64", "F4", "F6_E2M3"],
];
const BITS: Readonly<Record<string, number>> = { F4: 4, F6_E2M3: 6, F8_E4M3: 8, BOOL: 8, BF16: 16 };
const bitsOf = (dtype: string): number => BITS[dtype] ?? Number(dtype.replace(/\D/g, ""));

export function makeDraft(dice: Dice): Draft {
  const members: Member[] = [];
  const parts: Buffer[] = [];
  let begin = 0;
  const names = NAMES.filter(() => dice.below(3) === 0);
  for (const name of names) {
    const dtype = dice.of(DTYPES);
    const shape = Array.from({ length: dice.below(4) }, () => dice.below(5));
    if (bitsOf(dtype) < 8) shape.push(4);
    const bytes = (shape.reduce((a, b) => a * b, 1) * bitsOf(dtype)) / 8;
    parts.push(dtype === "BOOL" ? Buffer.alloc(bytes, 1) : dice.bytes(bytes));
    const fields = {
      dtype: `"${dtype}"`,
      shape: JSON.stringify(shape),
      data_offsets: JSON.stringify([begin, begin + bytes]),
    };
    members.push({ key: JSON.stringify(name), fields, range: [begin, begin + bytes] });
    begin += bytes;
  }
  if (dice.below(2) === 0) members.push({ key: '"__metadata__"', value: '{"format":"pt"}' });
  // Readers go by offsets: the order of the header means nothing.
  if (dice.below(2) === 0) members.reverse();
  const after = dice.of(["", "", " ", "  ", "     ", "\n", "\t \r\n"]);
  return {
    members,
    data: Buffer.concat(parts),
    space: dice.of(["", "", " ", "\n "]),
    before: "",
    after,
  };
}

export function write({ members, data, space, before, after }: Draft): Buffer {
  const text = members
    .map(({ key, fields, value }) => {
      const inner = Object.entries(fields ?? {}).map(
        ([name, token]) => `"${name}":${space}${token}`,
      );
      return `${key}${space}:${value ?? `{${inner.join(`,${space}`)}}`}`;
    })
    .join(`${space},`);
  return assemble(Buffer.from(`${before}{${text}}${after}`), data);
}

export function assemble(header: Buffer, data: Buffer, length = BigInt(header.length)): Buffer {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length);
  return Buffer.concat([prefix, header, data]);
}
