/** Text of an SVG element; numbers are written with at most two decimals. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  ...children: readonly string[]
): string {
  const words = Object.entries(attributes).map(([key, value]) => `${key}="${format(value)}"`);
  const open = [name, ...words].join(" ");
  return children.length === 0 ? `<${open}/>` : `<${open}>${children.join("\n")}</${name}>`;
}

/** A text element. */
export function label(
  text: string,
  at: { readonly x: number; readonly y: number },
  attributes: Readonly<Record<string, string | number>> = {},
): string {
  return element("text", { ...at, ...attributes }, escapeText(text));
}

/** The `d` of a line through points. */
export function linePath(points: readonly (readonly [x: number, y: number])[]): string {
  return points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${format(x)} ${format(y)}`).join("");
}

/** Maps a range of values to a range of pixels. */
export function linearScale(
  [from, to]: readonly [number, number],
  [start, end]: readonly [number, number],
): (value: number) => number {
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

function format(value: string | number): string {
  return typeof value === "string" ? value : String(Math.round(value * 100) / 100);
}

function escapeText(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
}
