import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../../src/errors.ts";
import { History } from "../../../src/train/history/history.ts";
import type { HistorySVGOptions } from "../../../src/train/history/history-svg.ts";
import { linearData, linearModel } from "../support.ts";

const params = {
  epochs: 3,
  initialEpoch: 0,
  steps: null,
  samples: null,
  validationSamples: null,
  batchSize: null,
};

/** The record of these epochs. */
function historyOf(rows: readonly Record<string, number>[], first = 0): History {
  const history = new History(params);
  for (const [i, row] of rows.entries()) history.add(first + i, row);
  return history;
}

const count = (text: string, part: string): number => text.split(part).length - 1;

describe("history", () => {
  test("has a list for each name, which may be any", () => {
    const { history, epoch } = historyOf([{ loss: 1, toString: 2 } as never, { loss: 3 }], 4);
    expect(epoch).toEqual([4, 5]);
    expect(history.loss).toEqual([1, 3]);
    expect(Object.entries(history)).toContainEqual(["toString", [2]]);
  });

  test("toCSV: a line an epoch; figures that an epoch lacks are empty cells", () => {
    const rows: Record<string, number>[] = [
      { loss: 0.5 },
      { loss: Number.NaN, val_loss: 1e-7, 'a,"b"': 2 },
    ];
    expect(historyOf(rows, 3).toCSV()).toBe(
      'epoch,loss,val_loss,"a,""b"""\r\n3,0.5,,\r\n4,NaN,1e-7,2\r\n',
    );
    expect(historyOf([]).toCSV()).toBe("epoch\r\n");
  });

  test("toCSV of a fit says what its lists say, bit for bit", async () => {
    const { x, y } = linearData(12);
    const config = { epochs: 3, validationSplit: 0.25, validationFreq: 2, verbose: 0 } as const;
    const history = await linearModel().fit(x, y, config);
    const rows = history.toCSV().trimEnd().split("\r\n").slice(1);
    const losses = rows.map((row) => Number(row.split(",")[1]));
    expect(losses).toEqual(history.history.loss);
    expect(rows.map((row) => row.split(",")[2])).toEqual([
      "",
      String(history.history.val_loss?.[0]),
      "",
    ]);
  });
});

describe("history.toSVG", () => {
  const rows = [
    { loss: 3, acc: 0.1, val_loss: 4 },
    { loss: 2, acc: 0.4, val_loss: 3 },
    { loss: 1, acc: 0.6, val_loss: 2.5 },
  ];

  test("has a panel for each metric, two curves where there is a validation, and a legend", () => {
    const svg = historyOf(rows).toSVG({ title: "A title" });
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="720" height="\d+"/);
    for (const text of ["A title", "loss", "acc", "training", "validation"]) {
      expect(svg).toContain(`>${text}</text>`);
    }
    // Training: loss, acc and the legend; validation: loss and the legend.
    expect(count(svg, 'class="sluice-training"')).toBe(3);
    expect(count(svg, 'class="sluice-validation"')).toBe(2);
    expect(count(svg, "stroke-dasharray")).toBe(2);
    // A round mark for each point of training and one in the legend, a square one for each of validation.
    expect(count(svg, "<circle")).toBe(7);
    expect(count(svg, "<rect")).toBe(1 + 4);
    expect(svg).toContain(
      "<desc>loss: 3 to 1, validation 4 to 2.5 over 3 epochs; acc: 0.1 to 0.6 over 3 epochs</desc>",
    );
  });

  test("has no legend where there is one kind of curve", () => {
    const svg = historyOf([{ loss: 1 }, { loss: 2 }]).toSVG();
    expect(svg).not.toContain(">training</text>");
  });

  test("places points by epoch and value", () => {
    const svg = historyOf([{ loss: 0 }, { loss: 4 }, { loss: 2 }]).toSVG({
      width: 400,
      height: 300,
    });
    const circles = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)];
    const [a, b, c] = circles.map(([, x, y]) => ({ x: Number(x), y: Number(y) }));
    expect(c?.x).toBeCloseTo(2 * Number(b?.x) - Number(a?.x), 1);
    // The axis ends at 0 and 4.
    expect(c?.y).toBeCloseTo((Number(a?.y) + Number(b?.y)) / 2, 1);
    expect(b?.y).toBeLessThan(Number(a?.y));
  });

  test("takes the metrics that are wanted, in their order", () => {
    const svg = historyOf(rows).toSVG({ metrics: ["acc", "val_loss"] });
    expect(svg.indexOf(">acc</text>")).toBeLessThan(svg.indexOf(">loss</text>"));
    expect(historyOf(rows).toSVG({ metrics: ["acc"] })).not.toContain(">loss</text>");
  });

  test("breaks curves where a figure is not finite, and marks it; an epoch without a figure is no gap", () => {
    const gap = historyOf([
      { loss: 1 },
      { loss: 2 },
      { loss: Number.NaN },
      { loss: 2 },
      { loss: 3 },
    ]).toSVG();
    expect(count(gap, "l6 6m0 -6l-6 6")).toBe(2); // with the one in the legend
    expect(gap).toContain(">not finite</text>");
    const path = /<path d="([^"]*L[^"]*)" stroke-width="2"/.exec(gap)?.[1] ?? "";
    expect(count(path, "M")).toBe(2);
    const missing = historyOf([
      { loss: 1, val_loss: 1 },
      { loss: 2 },
      { loss: 1, val_loss: 2 },
    ]).toSVG();
    expect(missing).not.toContain("l6 6");
    expect(count(missing, "<rect")).toBe(1 + 1 + 2);
  });

  test("shows one epoch as points, none as a note, and nothing finite as one, too", () => {
    const one = historyOf([{ loss: 1, val_loss: 2 }]).toSVG();
    expect(count(one, "<circle")).toBe(2);
    expect(one).not.toContain("NaN");
    expect(historyOf([]).toSVG()).toContain(">no epochs</text>");
    const nothing = historyOf([{ loss: Number.NaN }]).toSVG();
    expect(nothing).toContain(">nothing finite</text>");
    expect(nothing.replace("loss: NaN to NaN", "")).not.toContain("NaN");
  });

  test("takes a logarithmic axis where all values are above 0", () => {
    const steep = historyOf([1, 1e-3, 1e-6].map((loss) => ({ loss, zero: loss - 1e-6 })));
    const svg = steep.toSVG({ logScale: true });
    expect(svg).toContain(">1e-6</text>");
    const circles = [...svg.matchAll(/<circle cx="[\d.]+" cy="([\d.]+)"/g)].map(([, y]) =>
      Number(y),
    );
    const [a = 0, b = 0, c = 0] = circles;
    expect(c - b).toBeCloseTo(b - a, 1);
    expect(steep.toSVG({ logScale: ["zero"] })).not.toContain(">1e-6</text>");
  });

  test("writes names as XML takes them", () => {
    const name = `<b>&"'\u0000\ud800`;
    const svg = historyOf([{ [name]: 1 }]).toSVG({ title: "</svg><script>" });
    expect(svg).toContain("&#60;/svg&#62;&#60;script&#62;");
    expect(svg).toContain("&#60;b&#62;&#38;&#34;&#39;\ufffd\ufffd</text>");
  });

  test("stays small for many epochs", () => {
    const many = Array.from({ length: 20_000 }, (_, i) => ({ loss: Math.sin(i * i) }));
    expect(historyOf(many).toSVG().length).toBeLessThan(60_000);
  });

  test.each<[unknown, string]>([
    [{ metrics: ["los"] }, 'no metric "los". Did you mean "loss"?'],
    [{ logScale: ["mae"] }, 'no metric "mae"'],
    [{ metrics: "loss" }, 'received "loss" as metrics. Expected a list of names'],
    [{ metrics: [] }, "received a list of 0 as metrics"],
    [{ logscale: true }, "Did you mean logScale?"],
    [{ width: 100 }, "Expected at least 172×"],
    [{ height: 100 }, "or fewer metrics"],
    [{ width: Number.NaN }, "received a size of NaN×"],
  ])("refuses %j", (options, message) => {
    expect(() => historyOf(rows).toSVG(options as HistorySVGOptions)).toThrow(ArgumentError);
    expect(() => historyOf(rows).toSVG(options as HistorySVGOptions)).toThrow(message);
  });
});
