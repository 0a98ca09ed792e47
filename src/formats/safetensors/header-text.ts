import { FormatError } from "../../errors.ts";

/** Bytes in front of the header: its length. */
export const PREFIX_BYTES = 8;

/**
 * Reads a header's JSON from front to back, value by value, as its reader asks for them. `JSON.parse` would keep the
 * last of equal keys in silence, build whatever nesting a file holds, and not say where something is wrong.
 * Every failure is a `FormatError` with the byte of the file.
 */
export class HeaderText {
  readonly #text: string;
  readonly #source: string;
  #at = 0;

  /** @param source What the file is called; begins every message. */
  constructor(text: string, source: string) {
    this.#text = text;
    this.#source = source;
  }

  /** Reads an object; `onMember` gets each key and reads the value. A key that comes twice is refused. */
  members(what: string, onMember: (key: string) => void): void {
    this.#expect("{", what);
    if (this.#take("}")) return;
    const keys = new Set<string>();
    do {
      this.#skipSpace();
      const start = this.#at;
      const key = this.string(`a key of ${what}`);
      if (keys.has(key)) {
        throw this.failAt(start, {
          received: `${quote(key)} for the second time`,
          expected: `each key of ${what} once`,
        });
      }
      keys.add(key);
      this.#expect(":", `the value of ${quote(key)}`);
      onMember(key);
    } while (this.#take(","));
    this.#expect("}", `the end of ${what}`);
  }

  /** Reads a list of counts. */
  counts(what: string): number[] {
    const counts: number[] = [];
    this.#expect("[", what);
    if (this.#take("]")) return counts;
    do counts.push(this.#count(`a count of ${what}`));
    while (this.#take(","));
    this.#expect("]", `the end of ${what}`);
    return counts;
  }

  /** Reads a string. */
  string(what: string): string {
    this.#skipSpace();
    const start = this.#at;
    if (this.#text[start] !== '"') throw this.#unexpected(what);
    let end = start;
    do {
      end = this.#text.indexOf('"', end + 1);
      if (end < 0) throw this.failAt(start, { received: "a string without end", expected: what });
    } while (isEscaped(this.#text, end));
    this.#at = end + 1;
    const value = parseString(this.#text.slice(start, end + 1));
    if (value !== null) return value;
    throw this.failAt(start, {
      received: "a string with a wrong escape, a control character or half a surrogate pair",
      expected: what,
    });
  }

  /** Only space may follow. */
  end(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#unexpected("nothing but spaces");
  }

  /** The error for what begins at an index of the text; without one, for what was read last. */
  failAt(
    index: number | undefined,
    { received, expected }: { received: string; expected: string },
  ): FormatError {
    const byte = PREFIX_BYTES + utf8Length(this.#text, index ?? this.#at);
    return new FormatError(
      `${this.#source}: byte ${byte} (header): received ${received}. Expected ${expected}.`,
      { details: { byte, received, expected } },
    );
  }

  #count(what: string): number {
    this.#skipSpace();
    COUNT.lastIndex = this.#at;
    const [token = ""] = COUNT.exec(this.#text) ?? [];
    if (token === "") throw this.#unexpected(what);
    const value = Number(token);
    if (!/^(0|[1-9]\d*)$/.test(token) || !Number.isSafeInteger(value)) {
      throw this.failAt(this.#at, {
        received: token,
        expected: `${what}: a whole number from 0 to 2^53 - 1, in digits`,
      });
    }
    this.#at += token.length;
    return value;
  }

  #take(mark: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }

  #expect(mark: string, what: string): void {
    if (!this.#take(mark)) throw this.#unexpected(`"${mark}" (${what})`);
  }

  #unexpected(expected: string): FormatError {
    const found = this.#text[this.#at];
    const received = found === undefined ? "the end of the header" : quote(found);
    return this.failAt(this.#at, { received, expected });
  }

  #skipSpace(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at++;
  }
}

/** What looks like a number; what goes on longer than any number that is allowed is cut. */
const COUNT = /[-+.\deE]{1,40}/y;

/** A name from a file, for messages; cut where it is long. */
export function quote(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}

/** JSON's white space. */
function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function isEscaped(text: string, index: number): boolean {
  let first = index;
  while (text[first - 1] === "\\") first--;
  return (index - first) % 2 === 1;
}

/** The string that a token of JSON stands for; null where it is none or no Unicode. */
function parseString(token: string): string | null {
  try {
    const value = JSON.parse(token) as string;
    return /\p{Surrogate}/u.test(value) ? null : value;
  } catch {
    return null;
  }
}

/** Bytes that the first `length` code units take in UTF-8; each half of a surrogate pair takes two. */
function utf8Length(text: string, length: number): number {
  let bytes = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    const isHalf = code >= 0xd800 && code <= 0xdfff;
    bytes += code < 0x80 ? 1 : code < 0x800 || isHalf ? 2 : 3;
  }
  return bytes;
}
