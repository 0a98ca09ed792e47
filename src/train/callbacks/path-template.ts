import { ArgumentError } from "../../errors.ts";
import { nearestName } from "../../names/resolve.ts";

/**
 * A path with places for numbers, as Python's `str.format` has them: `model-{epoch:02d}-{val_loss:.2f}.safetensors`. A format
 * is an optional 0 and a width, then `d` for whole numbers, or a precision with `f` or `e`; without one, a number is written as
 * it is. `{{` and `}}` stand for braces.
 */
export class PathTemplate {
  readonly #label: string;
  readonly #text: string;
  readonly #parts: readonly (string | Place)[];

  /** @throws {ArgumentError} for braces that do not close, and for formats that are none of these. */
  constructor(label: string, text: string) {
    this.#label = label;
    this.#text = text;
    const pieces = text.match(/\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+/g) ?? [];
    this.#parts = pieces.map((piece) => this.#parse(piece));
  }

  /** The path for these numbers. @throws {ArgumentError} when one is missing, or does not fit its format. */
  fill(values: Readonly<Record<string, number>>): string {
    const parts = this.#parts.map((part) => {
      if (typeof part === "string") return part;
      const value = Object.hasOwn(values, part.name) ? values[part.name] : undefined;
      if (value === undefined) throw this.#missing(part.name, Object.keys(values));
      if (part.kind === "d" && !Number.isInteger(value)) {
        throw new ArgumentError(
          `${this.#label}: {${part.name}:…d} of "${this.#text}" is for whole numbers; ${part.name} is ${value}. ` +
            `Expected {${part.name}:.4f}.`,
        );
      }
      return formatted(value, part);
    });
    return parts.join("");
  }

  #parse(piece: string): string | Place {
    if (piece === "{{" || piece === "}}") return piece.charAt(0);
    if (!/[{}]/.test(piece)) return piece;
    const match = /^\{([^{}:]+)(?::(0?)(\d*)(?:(d)|(?:\.(\d+))?([fe]))?)?\}$/.exec(piece);
    const [, name, zero, width, whole, precision, kind] = match ?? [];
    if (name === undefined) {
      throw new ArgumentError(
        `${this.#label}: cannot read ${piece} in "${this.#text}". Expected places such as {epoch}, {epoch:02d}, ` +
          "{val_loss:.2f} or {loss:.1e}; {{ and }} stand for braces.",
      );
    }
    return {
      name,
      fill: zero === "0" ? "0" : " ",
      width: Number(width || 0),
      kind: whole === "d" ? "d" : kind === "f" || kind === "e" ? kind : "",
      digits: Number(precision ?? 6),
    };
  }

  #missing(name: string, names: readonly string[]): ArgumentError {
    const nearest = nearestName(name, names);
    const hint = nearest === null ? "" : ` Did you mean {${nearest}}?`;
    return new ArgumentError(
      `${this.#label}: there is no ${name} for "${this.#text}".${hint} Available: ${names.join(", ")}.`,
    );
  }
}

/** A place for a number. */
interface Place {
  readonly name: string;
  /** What fills the number up to `width` characters. */
  readonly fill: "0" | " ";
  readonly width: number;
  readonly kind: "" | "d" | "f" | "e";
  /** Digits after the point. */
  readonly digits: number;
}

function formatted(value: number, { kind, digits, fill, width }: Place): string {
  const magnitude = Math.abs(value);
  const text = Number.isFinite(value) ? digitsOf(magnitude, kind, digits) : String(magnitude);
  const sign = value < 0 ? "-" : "";
  return fill === "0"
    ? sign + text.padStart(width - sign.length, fill)
    : (sign + text).padStart(width, fill);
}

function digitsOf(magnitude: number, kind: Place["kind"], digits: number): string {
  if (kind === "f") return magnitude.toFixed(Math.min(digits, 100));
  // Python writes at least two digits of the exponent.
  if (kind === "e") {
    return magnitude.toExponential(Math.min(digits, 100)).replace(/([+-])(\d)$/, "$10$2");
  }
  return String(magnitude);
}
