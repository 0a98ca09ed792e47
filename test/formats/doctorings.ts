import { assemble, type Dice, type Draft, DTYPES, type Fields, type Member } from "./draft-file.ts";

/** Changes a draft, or the file that it became. */
type Doctoring =
  | { readonly draft: (draft: Draft, dice: Dice) => void }
  | { readonly file: (file: Buffer, dice: Dice) => Buffer };

/** Changes one token of one tensor. */
function field(name: keyof Fields, tokens: readonly string[]): Doctoring {
  return { draft: ({ members }, dice) => setField(members, name, dice.of(tokens), dice) };
}

function setField(members: Member[], name: keyof Fields, token: string, dice: Dice): void {
  const fields = dice.of(members.filter((member) => member.fields !== undefined))?.fields;
  if (fields !== undefined) fields[name] = token;
}

function shiftOffsets(by: (dice: Dice) => [number, number]): Doctoring {
  return {
    draft: ({ members }, dice) => {
      const { fields, range } = dice.of(members) ?? {};
      if (fields === undefined || range === undefined) return;
      const [begin, end] = range;
      const [first, second] = by(dice);
      fields.data_offsets = JSON.stringify([begin + first, end + second]);
    },
  };
}

const MAX = Number.MAX_SAFE_INTEGER;
const HUGE = [
  "9007199254740991",
  "9007199254740992",
  "18446744073709551616",
  "9".repeat(60),
  "1e400",
];
const NO_COUNT = [
  "-1",
  "-0",
  "1.0",
  "1e1",
  "01",
  "+1",
  "0x1",
  "NaN",
  "null",
  "true",
  '"1"',
  "[1]",
  "",
];
const LENGTHS = [
  0n,
  1n,
  2n,
  100_000_000n,
  100_000_001n,
  2n ** 32n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];
const list = (items: readonly string[]): string[] => items.map((item) => `[${item}]`);

/** By kind. What becomes of a file is not said here: test/formats/plain-checker.ts says whether it still is one. */
export const doctorings: Readonly<Record<string, Doctoring>> = {
  nothing: { draft: () => undefined },
  truncation: { file: (file, dice) => file.subarray(0, dice.below(file.length)) },
  "truncation near the header's ends": {
    file: (file, dice) => {
      const end = 8 + Number(file.readBigUInt64LE(0));
      return file.subarray(0, dice.of([0, 7, 8, 9, end - 1, end, end + 1, file.length - 1]));
    },
  },
  "trailing bytes": { file: (file, dice) => Buffer.concat([file, dice.bytes(1 + dice.below(9))]) },
  "bit flips": {
    file: (file, dice) => {
      for (let i = 0; i <= dice.below(3); i++) {
        const at = dice.below(file.length);
        file[at] = (file[at] ?? 0) ^ (1 << dice.below(8));
      }
      return file;
    },
  },
  "bytes of the header": {
    file: (file, dice) => {
      file[8 + dice.below(Number(file.readBigUInt64LE(0)))] = dice.of([
        0, 0x22, 0x5c, 0x7d, 0x80, 0xc0, 0xff,
      ]);
      return file;
    },
  },
  "length of the header": {
    file: (file, dice) => {
      const near = file.readBigUInt64LE(0) + BigInt(dice.below(9) - 4);
      file.writeBigUInt64LE(BigInt.asUintN(64, dice.of([...LENGTHS, near, near, near])));
      return file;
    },
  },
  "swapped offsets": {
    draft: ({ members }, dice) => {
      const [a, b] = [dice.of(members)?.fields, dice.of(members)?.fields];
      if (a && b) [a.data_offsets, b.data_offsets] = [b.data_offsets, a.data_offsets];
    },
  },
  "overlaps and holes": shiftOffsets((dice) => {
    const by = dice.below(9) - 4;
    return [by, by];
  }),
  "a gap, or data that is shared": {
    draft: (draft, dice) => {
      const starts = draft.members.flatMap(({ range }) => range?.[0] ?? []);
      const from = dice.of(starts) ?? 0;
      const by = dice.of([-4, -1, 1, 4]);
      for (const { fields, range } of draft.members) {
        if (!fields || !range || range[0] < from) continue;
        fields.data_offsets = `[${range[0] + by},${range[1] + by}]`;
      }
      const [before, after] = [draft.data.subarray(0, from), draft.data.subarray(from)];
      draft.data = Buffer.concat([
        by < 0 ? before.subarray(0, Math.max(0, from + by)) : before,
        Buffer.alloc(Math.max(0, by)),
        after,
      ]);
    },
  },
  "another size": shiftOffsets((dice) => [dice.below(3) - 1, dice.below(9) - 4]),
  "offsets turned round": {
    draft: ({ members }) => {
      for (const { fields, range } of members) {
        if (fields && range) fields.data_offsets = `[${range[1]},${range[0]}]`;
      }
    },
  },
  "huge offsets": field(
    "data_offsets",
    HUGE.flatMap((n) => [`[0,${n}]`, `[${n},${n}]`, `[${n},0]`]),
  ),
  "offsets that are none": field("data_offsets", [
    ...list(NO_COUNT.map((token) => `0,${token}`)),
    ...["[]", "[0]", "[0,0,0]", "null", '"0,4"', "{}", "0"],
  ]),
  "huge shapes": {
    draft: ({ members }, dice) => {
      const shapes = [
        ...list(HUGE),
        "[2147483648,2147483648]",
        "[4294967296,4294967296,0]",
        "[0,4294967296,4294967296]",
      ];
      setField(members, "shape", dice.of([...shapes, `[${MAX},0]`, "[1000000000000]"]), dice);
      if (dice.below(2) === 0) setField(members, "data_offsets", "[0,1000000000000]", dice);
    },
  },
  "huge shapes of nothing": {
    draft: ({ members }, dice) => {
      for (const { fields, range } of members) {
        if (!fields || !range || range[0] < range[1]) continue;
        fields.shape = dice.of(["4294967296", ...HUGE].flatMap((n) => [`[0,${n}]`, `[${n},0]`]));
      }
    },
  },
  "shapes that are none": field("shape", [
    ...list(NO_COUNT),
    "null",
    '"[1]"',
    "{}",
    "1",
    "[1,]",
    "[,1]",
  ]),
  "another shape": field("shape", ["[]", "[1]", "[2,2]", "[0]", "[1,1,1,1,1,1,1,1,1]"]),
  "dtypes that are none": field("dtype", [
    ...['"f32"', '"F33"', '"__proto__"', '"constructor"', '"toString"', '""', "5", "null", "F32"],
    ...['"F32 "', '["F32"]', '{"F32":1}'],
  ]),
  "another dtype": field(
    "dtype",
    DTYPES.map((dtype) => `"${dtype}"`),
  ),
  "dtype in escapes": field("dtype", [
    '"\\u00463\\u0032"',
    '"F\\u0033\\u0032"',
    '"\\x46"',
    '"F32\\"',
  ]),
  "keys that come twice": {
    draft: ({ members }, dice) => {
      const member = dice.of(members);
      if (member) members.push({ ...member, fields: member.fields && { ...member.fields } });
    },
  },
  "keys that come twice, in escapes": {
    draft: ({ members }, dice) => {
      const member = dice.of(members);
      if (member) members.push({ ...member, key: escaped(member.key) });
    },
  },
  "fields that come twice": {
    draft: ({ members }, dice) =>
      setField(members, "shape", `[1],"${dice.of(["shape", "dtype", "sh\\u0061pe"])}":[1]`, dice),
  },
  "names in escapes": {
    draft: ({ members }) => {
      for (const member of members) member.key = escaped(member.key);
    },
  },
  "names that are none": {
    draft: ({ members }, dice) => {
      const member = dice.of(members);
      const keys = [
        '"\\ud800"',
        '"\\udc00x"',
        '"\\ud83d\\ude00"',
        '"\\x"',
        "'a'",
        "a",
        "1",
        '"\n"',
        '"\\u12"',
        '"',
      ];
      if (member) member.key = dice.of(keys);
    },
  },
  "missing fields": {
    draft: ({ members }, dice) => {
      const fields: Record<string, string> | undefined = dice.of(members)?.fields;
      if (fields) delete fields[dice.of(["dtype", "shape", "data_offsets"])];
    },
  },
  "more fields": {
    draft: ({ members }, dice) =>
      setField(
        members,
        dice.of(["x", "__proto__2", "strides"]),
        dice.of(["1", "null", "{}"]),
        dice,
      ),
  },
  metadata: {
    draft: ({ members }, dice) => {
      const texts = [
        ...[
          '{"a":5}',
          '{"a":null}',
          '{"a":{}}',
          '{"a":["x"]}',
          '{"a":true}',
          "null",
          "[]",
          '"x"',
          "5",
          "{}",
        ],
        ...[
          '{"__proto__":"x","constructor":"y"}',
          '{"a":"x","a":"x"}',
          '{"a":"x","\\u0061":"y"}',
          '{"":""}',
        ],
        ...['{"a":"\\ud800"}', '{"a":"ü😀\\u0000"}'],
      ];
      members.push({ key: '"__metadata__"', value: dice.of(texts) });
    },
  },
  "deep nesting": {
    draft: ({ members }, dice) => {
      const depth = dice.of([3, 500, 50_000]);
      const value = dice.of([
        "[".repeat(depth),
        '{"a":'.repeat(depth),
        "[".repeat(depth) + "]".repeat(depth),
      ]);
      members.push({ key: dice.of(['"deep"', '"__metadata__"']), value });
    },
  },
  "around the header": {
    draft: (draft, dice) => {
      if (dice.below(2) === 0) draft.before = dice.of(["\ufeff", " ", "\n", "[", "/**/"]);
      else draft.after = dice.of([",", "}", "\0\0", "{}", "//", "\u00a0", "\ufeff", "x", " \n\t"]);
    },
  },
  "other files": {
    file: (file, dice) =>
      dice.of([
        Buffer.alloc(0),
        Buffer.from("<!doctype html>"),
        Buffer.from("PK\x03\x04 and more"),
        dice.bytes(64),
        assemble(file, file),
      ]),
  },
};

function escaped(key: string): string {
  return key.replace(/[a-z]/, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`);
}
