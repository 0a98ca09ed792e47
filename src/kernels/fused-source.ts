import { type DType, isFloat } from "../graph/dtype.ts";
import { type Expression, partsOf } from "../graph/expression.ts";
import { isDense, type View } from "../graph/view.ts";
import { type Words, wordOf } from "./dispatch.ts";
import { libraryText } from "./libraries.ts";

/** How a dtype is written in shader memory and in shader expressions. */
export const STORE_TYPE = { float32: "f32", float16: "f16", int32: "i32", bool: "u32" } as const;
export const VALUE_TYPE = { float32: "f32", float16: "f32", int32: "i32", bool: "bool" } as const;

/** `text` as it is stored: bool becomes a word of 0 or 1, float16 is rounded. */
function toStored(text: string, dtype: DType): string {
  if (dtype === "float16") return `f16(${text})`;
  return dtype === "bool" ? `select(0u, 1u, ${text})` : text;
}

/** `text` read from memory as an expression of `dtype`. */
function fromStored(text: string, dtype: DType): string {
  if (dtype === "float16") return `f32(${text})`;
  return dtype === "bool" ? `(${text} != 0u)` : text;
}

/**
 * Writes the WGSL of one generated kernel: functions from a flat element index to a value, the bindings
 * that they read, and the words (sizes, strides, scalars) that they need at run time. Nothing about a
 * tensor's sizes goes into the text, so that one pipeline serves every batch and sequence length.
 */
export class FusedSource {
  readonly #loads: readonly DType[];
  readonly #inputs = new Set<number>();
  readonly #fixed: number[] = [];
  readonly #scalars: { word: number; scalar: number }[] = [];
  readonly #stepped: { word: number; by: number }[] = [];
  readonly #scalarWords = new Map<number, number>();
  readonly #libraries = new Set<string>();
  readonly #functions: string[] = [];

  /** `loads[i]`: dtype of the i-th buffer, `in0`, `in1`, … in the text; those that are read are bound. */
  constructor(loads: readonly DType[]) {
    this.#loads = loads;
  }

  /**
   * A new word that holds `value`; gives the WGSL that reads it as u32.
   * @throws {RangeError} for a number that is none of 32 bits.
   */
  word(value: number): string {
    this.#fixed.push(wordOf(value));
    return wordText(this.#fixed.length - 1);
  }

  /** A new word that begins as `value` and grows by `by` with each step of the scan around. */
  steppedWord(value: number, by: number): string {
    this.#stepped.push({ word: this.#fixed.length, by });
    return this.word(value);
  }

  /**
   * Adds `fn name(index: u32) -> T`, or with a hole `fn name(value: <hole>, index: u32) -> T`, computing
   * `expression` at flat index `index` of a dense space of `expression`'s shape. T is the type in which the dtype is
   * stored, or with `computes` that in which kernels compute.
   */
  addFunction(
    name: string,
    expression: Expression,
    { hole, computes = false }: { hole?: DType; computes?: boolean } = {},
  ): void {
    const { dtype } = expression;
    const body = new FunctionBody(this);
    const result = body.write(expression);
    const value = hole ? `value: ${VALUE_TYPE[hole]}, ` : "";
    this.#functions.push(
      `fn ${name}(${value}index: u32) -> ${(computes ? VALUE_TYPE : STORE_TYPE)[dtype]} {`,
      ...body.lines.map((line) => `  ${line}`),
      `  return ${computes ? result : toStored(result, dtype)};`,
      "}",
    );
  }

  useLibraries(names: readonly string[]): void {
    for (const name of names) this.#libraries.add(name);
  }

  /** The i-th buffer is read. */
  useInput(input: number): void {
    this.#inputs.add(input);
  }

  scalarText(scalar: number, dtype: DType): string {
    let word = this.#scalarWords.get(scalar);
    if (word === undefined) {
      word = this.#fixed.length;
      this.#fixed.push(0);
      this.#scalarWords.set(scalar, word);
      this.#scalars.push({ word, scalar });
    }
    if (isFloat(dtype)) return `bitcast<f32>(${wordText(word)})`;
    if (dtype === "int32") return `bitcast<i32>(${wordText(word)})`;
    return `(${wordText(word)} != 0u)`;
  }

  /** Bindings (buffers from `firstBinding` on) and functions; `words` is declared when something uses it. */
  declarations(firstBinding: number): string {
    const lines: string[] = [];
    if (this.#fixed.length > 0) {
      const count = Math.ceil(this.#fixed.length / 4);
      lines.push(`@group(0) @binding(1) var<uniform> words: array<vec4<u32>, ${count}>;`);
    }
    this.inputs.forEach((input, i) => {
      const type = STORE_TYPE[this.#loads[input] ?? "float32"];
      lines.push(
        `@group(0) @binding(${firstBinding + i}) var<storage, read> in${input}: array<${type}>;`,
      );
    });
    return [...lines, libraryText([...this.#libraries]), ...this.#functions].join("\n");
  }

  get words(): Words {
    const fixed = new Uint32Array(Math.ceil(this.#fixed.length / 4) * 4);
    fixed.set(this.#fixed);
    return { fixed, scalars: this.#scalars, stepped: this.#stepped };
  }

  /** Which buffers the functions read, in the order of their bindings. */
  get inputs(): readonly number[] {
    return [...this.#inputs].sort((a, b) => a - b);
  }

  get layout(): string {
    return "r".repeat(this.#inputs.size);
  }
}

function wordText(word: number): string {
  return `words[${word >> 2}][${word & 3}]`;
}

/** The statements of one function; each shared branch of the expression is written once. */
class FunctionBody {
  readonly lines: string[] = [];
  readonly #source: FusedSource;
  readonly #names = new Map<Expression, string>();
  readonly #coordinates = new Map<string, string>();
  #count = 0;

  constructor(source: FusedSource) {
    this.#source = source;
  }

  write(root: Expression): string {
    // Iterative: a chain of a thousand additions must not exhaust the call stack.
    const stack: Expression[] = [root];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const pending = partsOf(top).filter((part) => !this.#names.has(part));
      if (pending.length > 0) {
        stack.push(...pending);
        continue;
      }
      stack.pop();
      if (!this.#names.has(top)) this.#names.set(top, this.#name(top));
    }
    return this.#names.get(root) ?? "";
  }

  #name(expression: Expression): string {
    switch (expression.kind) {
      case "hole":
        return "value";
      case "literal": {
        // By a name: WGSL refuses an expression of constants alone that has no finite value.
        const text = this.#literal(expression.value, expression.dtype);
        return this.#let(VALUE_TYPE[expression.dtype], text);
      }
      case "scalar":
        return this.#source.scalarText(expression.scalar, expression.dtype);
      case "index":
        return `i32(${this.#address(expression.view).address})`;
      case "load":
        return this.#load(expression.input, expression.view, expression.dtype);
      case "masked": {
        const of = this.#names.get(expression.of) ?? "";
        const { inside } = this.#address(expression.view);
        if (inside === null) return of;
        const text = `select(${zeroOf(expression.dtype)}, ${of}, ${inside})`;
        return this.#let(VALUE_TYPE[expression.dtype], text);
      }
      case "apply": {
        this.#source.useLibraries(expression.libs);
        const args = expression.args.map((arg) => this.#names.get(arg) ?? "");
        return this.#let(VALUE_TYPE[expression.dtype], expression.write(args));
      }
    }
  }

  #let(type: string, text: string): string {
    const name = `v${this.#count++}`;
    this.lines.push(`let ${name}: ${type} = ${text};`);
    return name;
  }

  #literal(value: number, dtype: DType): string {
    if (dtype === "bool") return value ? "true" : "false";
    if (dtype === "int32") {
      return value < -2147483647 ? "i32(-2147483647 - 1)" : `${Math.trunc(value)}i`;
    }
    const rounded = Math.fround(value);
    // Infinite and NaN constants do not compile in WGSL, and -0 is easily lost; as a word they are only bits.
    if (!Number.isFinite(rounded) || Object.is(rounded, -0)) {
      const bits = new Uint32Array(new Float32Array([rounded]).buffer)[0] ?? 0;
      return `bitcast<f32>(${this.#source.word(bits)})`;
    }
    return Number.isInteger(rounded) && Math.abs(rounded) < 1e9 ? `${rounded}.0f` : `${rounded}f`;
  }

  #load(input: number, view: View, dtype: DType): string {
    this.#source.useInput(input);
    const { address, inside } = this.#address(view);
    const type = VALUE_TYPE[dtype];
    if (inside === null) return this.#let(type, fromStored(`in${input}[${address}]`, dtype));
    const safe = this.#let("u32", `select(0u, ${address}, ${inside})`);
    const loaded = fromStored(`in${input}[${safe}]`, dtype);
    return this.#let(type, `select(${zeroOf(dtype)}, ${loaded}, ${inside})`);
  }

  /** Flat address that the view gives at `index`, and the condition under which it may be read. */
  #address(view: View): { address: string; inside: string | null } {
    if (isDense(view)) return { address: "index", inside: null };
    const terms: string[] = [];
    if (view.perStep !== 0) terms.push(this.#source.steppedWord(view.offset, view.perStep));
    else if (view.offset !== 0) terms.push(this.#source.word(view.offset));
    view.strides.forEach((stride, axis) => {
      if (stride !== 0) {
        terms.push(`${this.#coordinate(view, axis)} * ${this.#source.word(stride)}`);
      }
    });
    const address = terms.length > 0 ? this.#let("u32", terms.join(" + ")) : "0u";
    const tests: string[] = [];
    view.bounds?.forEach(([low, high], axis) => {
      if (low <= 0 && high >= (view.shape[axis] ?? 0)) return;
      // One comparison: below `low` the difference wraps to a large number.
      const width = this.#source.word(Math.max(0, high - low));
      tests.push(`(${this.#coordinate(view, axis)} - ${this.#source.word(low)}) < ${width}`);
    });
    return { address, inside: tests.length > 0 ? this.#let("bool", tests.join(" && ")) : null };
  }

  /** Coordinate `axis` of flat index `index` in the view's shape; shared by views of one shape. */
  #coordinate(view: View, axis: number): string {
    const key = `${view.shape.join()}:${axis}`;
    const known = this.#coordinates.get(key);
    if (known) return known;
    const inner = view.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    const isLast = axis === view.shape.length - 1;
    const quotient = isLast ? "index" : `index / ${this.#source.word(Math.max(1, inner))}`;
    const dim = this.#source.word(Math.max(1, view.shape[axis] ?? 1));
    const name = this.#let("u32", axis === 0 ? quotient : `(${quotient}) % ${dim}`);
    this.#coordinates.set(key, name);
    return name;
  }
}

function zeroOf(dtype: DType): string {
  if (dtype === "bool") return "false";
  return dtype === "int32" ? "0i" : "0.0f";
}
