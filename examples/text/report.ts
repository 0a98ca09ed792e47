import type { Corpus } from "./corpus.ts";
import { countCharacters } from "./corpus.ts";

/** What the data is, and how it is split. */
export function describeCorpus(corpus: Corpus): string {
  const { ids, cut } = corpus;
  const [all, training, heldOut] = [ids.length, cut, ids.length - cut].map(grouped);
  return [
    `Data       Moby-Dick, ${all} characters, ${countCharacters(corpus)} different ones`,
    `Training   the first ${training}`,
    `Held out   the last ${heldOut}`,
  ].join("\n");
}

/** Bits per character of the models that count, by their order. */
export function countLine(bits: readonly number[]): string {
  const figures = bits.slice(1).map((figure, i) => `order ${i + 1} ${figure.toFixed(3)}`);
  return `Counting   ${figures.join(", ")} bits per character held out`;
}

/** What is known after a round of training. */
export function roundLine(round: {
  readonly steps: number;
  readonly bits: number;
  /** Characters that the figure is of. */
  readonly characters: number;
  /** Those of the models that count. */
  readonly counted: readonly number[];
}): string {
  const { steps, bits, characters, counted } = round;
  const beaten = beatenOrder(bits, counted);
  const verdict = beaten === 0 ? "above all orders" : `below order ${beaten}`;
  return `${grouped(steps)} updates: ${bits.toFixed(3)} bits per character (${grouped(characters)} held-out ones), ${verdict}`;
}

/** The figures to compare, best first. */
export function bitsTable(name: string, bits: number, counted: readonly number[]): string {
  const rows = [
    { name: `${name} (sluice)`, bits },
    ...counted.slice(1).map((figure, i) => ({ name: `counts of order ${i + 1}`, bits: figure })),
  ];
  const lines = rows
    .sort((a, b) => a.bits - b.bits)
    .map((row) => `${row.name.padEnd(32)}${row.bits.toFixed(3).padStart(8)}`);
  return ["Bits per character on the held-out tenth", ...lines].join("\n");
}

/** The highest order, in turn from 1 on, whose model needs more bits; 0: none. */
export function beatenOrder(bits: number, counted: readonly number[]): number {
  const first = counted.slice(1).findIndex((figure) => figure <= bits);
  return first === -1 ? counted.length - 1 : first;
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
