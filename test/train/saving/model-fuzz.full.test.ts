import { expect, test } from "vitest";
import { FormatError } from "../../../src/errors.ts";
import { decodeSafetensors, encodeSafetensors } from "../../../src/formats/index.ts";
import { layers } from "../../../src/layers/index.ts";
import { idle, memory } from "../../../src/tensor/index.ts";
import { input, loadLayersModel, model, sequential } from "../../../src/train/index.ts";
import { randomSource } from "../../helpers/random-values.ts";
import { sineData } from "../support.ts";

const FILES = 8000;

/** Values that somebody may put in place of others. */
const STRANGE: readonly unknown[] = [
  ...[null, true, "", "relu", "__proto__", "constructor", 0, -1, 0.5, 1e9, 2 ** 53, -1e308],
  ...[[], [null], [-1, 0], [0, 0], [1e9, 1e9], {}, { className: "Dense" }, { symbol: [0, 0] }],
  { className: "Sequential", config: { layers: [] } },
  { className: "L1L2", config: { l1: "x" } },
];

test(`${FILES} models with doctored descriptions load or are refused with FormatError; nothing stays`, async () => {
  const seed = Number(process.env.SLUICE_FUZZ_SEED ?? Date.now() % 1_000_000_000);
  console.log(`doctored models: SLUICE_FUZZ_SEED=${seed}`);
  const random = randomSource(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const files = await goodFiles();
  await idle();
  const before = memory();
  let [loaded, refused] = [0, 0];
  for (let i = 0; i < FILES; i++) {
    const { tensors, metadata } = decodeSafetensors(pick(files));
    const texts = new Map(metadata);
    const key = pick(["model", "model", "model", "training", "fit", "order", "metadata"]);
    const described: unknown = JSON.parse(texts.get(key) ?? "{}");
    for (let changes = 1 + Math.floor(random() * 2); changes > 0; changes--) {
      doctor(described, { random, pick });
    }
    texts.set(key, JSON.stringify(described));
    const bytes = encodeSafetensors(tensors.values(), texts);
    try {
      (await loadLayersModel(bytes)).dispose();
      loaded++;
    } catch (error) {
      if (!(error instanceof FormatError)) console.log(`file ${i}: ${texts.get(key)}`);
      expect(error).toBeInstanceOf(FormatError);
      refused++;
    }
  }
  await idle();
  expect(memory()).toEqual(before);
  console.log(`doctored models: ${loaded} loaded, ${refused} refused`);
  expect(loaded).toBeGreaterThan(FILES / 20);
  expect(refused).toBeGreaterThan(FILES / 4);
});

async function goodFiles(): Promise<Uint8Array[]> {
  const { x, y } = sineData(6, 4);
  const plain = sequential({
    layers: [
      layers.bidirectional({
        layer: layers.lstm({ units: 2, kernelRegularizer: "l2" }),
        inputShape: [4, 1],
      }),
      layers.dense({ units: 1, kernelConstraint: "maxNorm", activation: "tanh" }),
    ],
  });
  plain.compile({ optimizer: "adam", loss: { kind: "huber", delta: 2 }, metrics: ["mae"] });
  await plain.fit(x, y, { verbose: 0 });
  const place = input({ shape: [4, 1] });
  const [out, h] = layers.simpleRNN({ units: 2, returnState: true }).apply(place) as never[];
  const again = layers.simpleRNN({ units: 2 }).apply(place, { initialState: [h] });
  const functional = model({ inputs: place, outputs: [out as never, again] });
  functional.compile({ optimizer: "sgd", loss: ["mse", "mae"] });
  const made = [plain, functional];
  const blobs = await Promise.all(made.map((one) => one.save()));
  for (const one of made) one.dispose();
  return Promise.all(blobs.map(async (blob) => new Uint8Array(await blob.arrayBuffer())));
}

interface Chance {
  readonly random: () => number;
  readonly pick: <T>(items: readonly T[]) => T;
}

/** Changes one place in a tree of plain data. */
function doctor(tree: unknown, { random, pick }: Chance): void {
  const places: [Record<string, unknown>, string][] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key]);
      visit((node as Record<string, unknown>)[key]);
    }
  };
  visit(tree);
  if (places.length === 0) return;
  const [holder, key] = pick(places);
  const kind = random();
  if (kind < 0.2) delete holder[key];
  else if (kind < 0.3)
    Object.defineProperty(holder, pick(["x", "__proto__", "name"]), own(holder[key]));
  // Copies: a tree that held itself would be no JSON, and what is changed here must not change STRANGE.
  else holder[key] = structuredClone(kind < 0.5 ? pick(places)[0] : pick(STRANGE));
}

function own(value: unknown): PropertyDescriptor {
  return { value, enumerable: true, configurable: true, writable: true };
}
