import * as sl from "sluice";

/** Trains, saves to `target`, loads, and goes on; gives what both models predict then. */
export async function goOn(
  target: string,
): Promise<{ one: number[]; other: number[]; url: string }> {
  const x = sl.tensor(
    Float32Array.from({ length: 60 }, (_, i) => Math.sin(i)),
    [12, 5, 1],
  );
  const y = sl.tensor(
    Float32Array.from({ length: 12 }, (_, i) => Math.cos(i)),
    [12, 1],
  );
  const net = sl.sequential({
    layers: [
      sl.layers.lstm({ units: 4, inputShape: [5, 1], dropout: 0.2 }),
      sl.layers.dense({ units: 1 }),
    ],
  });
  net.compile({ optimizer: "adam", loss: "mse" });
  await net.fit(x, y, { epochs: 2, batchSize: 4, verbose: 0 });
  await net.save(target);
  const again = await sl.loadLayersModel(target);
  const more = { epochs: 4, initialEpoch: 2, batchSize: 4, verbose: 0 } as const;
  await net.fit(x, y, more);
  await again.fit(x, y, more);
  const [one, other] = [await net.predict(x).data(), await again.predict(x).data()];
  net.dispose();
  again.dispose();
  return { one: [...one], other: [...other], url: Object.keys(await sl.io.listModels()).join() };
}
