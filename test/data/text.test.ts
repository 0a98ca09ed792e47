import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  CharacterVocabulary,
  characters,
  padSequences,
  WordVocabulary,
  words,
} from "../../src/data/index.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../src/errors.ts";
import { deserialize } from "../../src/names/class-registry.ts";

describe("padSequences", () => {
  // The results that Keras's documentation of pad_sequences prints.
  const sequence = [[1], [2, 3], [4, 5, 6]];
  const documented: [Parameters<typeof padSequences>[1], number[][]][] = [
    [
      {},
      [
        [0, 0, 1],
        [0, 2, 3],
        [4, 5, 6],
      ],
    ],
    [
      { value: -1 },
      [
        [-1, -1, 1],
        [-1, 2, 3],
        [4, 5, 6],
      ],
    ],
    [
      { padding: "post" },
      [
        [1, 0, 0],
        [2, 3, 0],
        [4, 5, 6],
      ],
    ],
    [
      { maxLength: 2 },
      [
        [0, 1],
        [2, 3],
        [5, 6],
      ],
    ],
    [
      { maxLength: 2, truncating: "post" },
      [
        [0, 1],
        [2, 3],
        [4, 5],
      ],
    ],
  ];

  test.each(documented)("as Keras does with %o", async (config, expected) => {
    const padded = padSequences(sequence, config);
    expect(padded.dtype).toBe("int32");
    expect(await padded.array()).toEqual(expected);
  });

  test("vectors, typed arrays, empty sequences and other kinds", async () => {
    const vectors = padSequences(
      [
        [[1, 2]],
        [],
        [
          [3, 4],
          [5, 6],
        ],
      ],
      { padding: "post", value: 9 },
    );
    expect(await vectors.array()).toEqual([
      [
        [1, 2],
        [9, 9],
      ],
      [
        [9, 9],
        [9, 9],
      ],
      [
        [3, 4],
        [5, 6],
      ],
    ]);
    const typed = padSequences([Float32Array.of(0.5), [1, 2]], { dtype: "float32", maxLength: 3 });
    expect(await typed.array()).toEqual([
      [0, 0, 0.5],
      [0, 1, 2],
    ]);
    expect(padSequences([[], []]).shape).toEqual([2, 0]);
    expect(await padSequences([[1], [0, 1]], { dtype: "bool" }).array()).toEqual([
      [false, true],
      [false, true],
    ]);
  });

  const wrong: [string, () => unknown, new (m: string) => Error, string][] = [
    ["no sequences", () => padSequences([]), ArgumentError, "a list of 0"],
    ["one sequence", () => padSequences([1, 2] as never), ShapeError, "sequence 0 is 1"],
    [
      "fractions",
      () => padSequences([[1], [2.5]]),
      ArgumentError,
      "sequence 1 has numbers that are not whole, and dtype is int32",
    ],
    ["NaN", () => padSequences([[Number.NaN]]), DTypeError, "int32 cannot hold"],
    [
      "vectors of other lengths",
      () => padSequences([[], [[1]], [[1, 2]]]),
      ShapeError,
      "steps of sequence 2 have shape [2], but those of sequence 1 have [1]",
    ],
    ["ragged vectors", () => padSequences([[[1], [1, 2]]]), ShapeError, "sequence 0"],
    [
      "another end",
      () => padSequences([[1]], { padding: "front" as never }),
      ArgumentError,
      'no "front"',
    ],
    [
      "Keras's name of the length",
      () => padSequences([[1]], { maxlen: 2 } as never),
      ArgumentError,
      "Did you mean maxLength?",
    ],
    ["text", () => padSequences(["abc"] as never), DTypeError, 'received "abc"'],
  ];

  test.each(wrong)("refuses %s", (_what, act, kind, message) => {
    expect(act).toThrow(kind);
    expect(act).toThrow(message);
  });
});

describe("characters", () => {
  test("ids by frequency behind padding and unknown, in code points", () => {
    const letters = characters(["banana", "n😀"]);
    expect(letters.tokens).toEqual(["a", "n", "b", "😀"]);
    expect(letters.size).toBe(6);
    expect(letters.encode("b😀x")).toEqual(Int32Array.of(4, 5, 1));
    expect(letters.decode(Int32Array.of(0, 4, 2, 0, 1))).toBe("ba\ufffd");
    expect([letters.idOf("n"), letters.idOf("?")]).toEqual([3, 1]);
    expect(characters("aaabbc", { maxTokens: 4 }).tokens).toEqual(["a", "b"]);
    expect(letters.encode("")).toEqual(new Int32Array(0));
  });

  test("decode undoes encode, for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }), (text, other) => {
        const letters = characters([text, other]);
        expect(letters.decode(letters.encode(text))).toBe(text);
        const again = CharacterVocabulary.fromConfig(
          JSON.parse(JSON.stringify(letters.getConfig())),
        );
        expect(again.encode(other)).toEqual(letters.encode(other));
      }),
      { seed: 9, numRuns: 200 },
    );
  });

  test("an unknown character is named where it is refused", () => {
    const letters = characters("ab", { unknown: "error" });
    expect(() => letters.encode("a😀x")).toThrow(
      '"😀" (U+1F600) at position 1 is not in the vocabulary',
    );
    expect(() => letters.encode("a😀x")).toThrow(ArgumentError);
    const again = deserialize(
      { className: "CharacterVocabulary", config: letters.getConfig() },
      "x",
    );
    expect((again as CharacterVocabulary).unknown).toBe("error");
  });

  const letters = characters("ab");
  const wrong: [string, () => unknown, string][] = [
    ["ids that are none", () => letters.decode([2, 4]), "element 1 is 4. Expected ids from 0 to 3"],
    ["half ids", () => letters.decode([2.5]), "element 0 is 2.5"],
    ["negative ids", () => letters.decode([-1]), "element 0 is -1"],
    ["a number to decode", () => letters.decode(3 as never), "received 3"],
    ["a number to encode", () => letters.encode(3 as never), "encode: received 3. Expected text"],
    ["no text", () => characters(undefined as never), "received undefined"],
    ["a limit below the reserved ids", () => characters("a", { maxTokens: 2 }), "maxTokens is 2"],
    [
      "a misspelt option",
      () => characters("a", { maxToken: 3 } as never),
      "Did you mean maxTokens?",
    ],
    ["another rule", () => characters("a", { unknown: "throw" as never }), 'no "throw"'],
    [
      "tokens twice",
      () => CharacterVocabulary.fromConfig({ tokens: ["a", "a"] }),
      "none of them twice",
    ],
    ["doctored tokens", () => CharacterVocabulary.fromConfig({ tokens: "ab" }), 'received "ab"'],
  ];

  test.each(wrong)("refuses %s", (_what, act, message) => {
    expect(act).toThrow(ArgumentError);
    expect(act).toThrow(message);
  });
});

describe("words", () => {
  const texts = ["The cat — the DOG!", "don't; the cat…"];

  test("in lower case and without punctuation, the most frequent first", () => {
    const made = words(texts);
    expect(made.tokens).toEqual(["the", "cat", "dog", "dont"]);
    expect(made.encode("A cat, the\n\tdog.")).toEqual(Int32Array.of(1, 3, 2, 4));
    expect(made.decode([2, 3, 1, 0])).toBe("the cat [UNK]");
    expect(words(texts, { maxTokens: 4 }).size).toBe(4);
  });

  test("or as they are written", () => {
    const made = words(texts, { lowercase: false, stripPunctuation: false });
    expect(made.tokens.slice(0, 3)).toEqual(
      ["cat", "the", "The"].toSorted((a, b) => made.idOf(a) - made.idOf(b)),
    );
    expect(made.encode("DOG !").includes(1)).toBe(false);
    const saved = JSON.parse(
      JSON.stringify({ className: "WordVocabulary", config: made.getConfig() }),
    );
    const again = deserialize(saved, "vocabulary") as WordVocabulary;
    expect(again).toBeInstanceOf(WordVocabulary);
    expect(again.getConfig()).toEqual(made.getConfig());
    expect(again.encode("The cat!")).toEqual(made.encode("The cat!"));
  });

  test("an unknown word is named where it is refused", () => {
    const made = words(texts, { unknown: "error" });
    expect(() => made.encode("the bird")).toThrow('"bird" at position 1 is not in the vocabulary');
    expect(() => words("a", { lower: true } as never)).toThrow("Did you mean lowercase?");
  });
});
