import { describe, expect, test } from "vitest";
import { History } from "../../src/train/history/history.ts";
import { launchBrowser } from "../helpers/browser.ts";

const params = {
  epochs: 1,
  initialEpoch: 0,
  steps: null,
  samples: null,
  validationSamples: null,
  batchSize: null,
};

function historyOf(epochs: number, row: (epoch: number) => Record<string, number>): History {
  const history = new History(params);
  for (let epoch = 0; epoch < epochs; epoch++) history.add(epoch, row(epoch));
  return history;
}

const long = "a name of a metric that is far too long to stand in the place that there is for it";
const falling = historyOf(12, (epoch) => ({
  loss: 0.9 * Math.exp(-epoch / 3) + 0.05,
  accuracy: epoch === 5 ? Number.NaN : 1 - 0.6 * Math.exp(-epoch / 4),
  [long]: -1e-7 * epoch,
  huge: 12_345_678 + 1e5 * epoch,
  val_loss: Math.exp(-epoch / 3) + 0.1,
}));
const pictures = [
  falling.toSVG({ title: "Births, LSTM of 64 units" }),
  falling.toSVG({ title: `Tall: ${long} ${long}`, width: 300, logScale: ["loss"] }),
  falling.toSVG({ metrics: ["loss"], width: 260, height: 240 }),
  historyOf(3000, (epoch) => ({ loss: Math.exp(-epoch / 100), val_loss: 2 })).toSVG({
    logScale: true,
  }),
  historyOf(1, () => ({ loss: 1 })).toSVG(),
  historyOf(0, () => ({})).toSVG(),
];

/** Texts that touch another one or the edge; surface and text colours. */
const LOOK = `[...document.querySelectorAll("svg")].map((svg) => {
  const edge = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll("text")].map((one) => {
    const { left, right, top, bottom } = one.getBoundingClientRect();
    return { text: one.textContent, left, right, top: top + 2, bottom: bottom - 2 };
  });
  const outside = texts.filter((a) => a.left < edge.left || a.right > edge.right || a.top < edge.top || a.bottom > edge.bottom);
  const touching = texts.flatMap((a, i) => texts.slice(i + 1).filter((b) =>
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom).map((b) => [a.text, b.text]));
  const fill = (name) => getComputedStyle(svg.querySelector(name)).fill;
  return { outside, touching, surface: fill(".sluice-surface"), text: fill("text") };
})`;

interface Look {
  readonly outside: unknown[];
  readonly touching: unknown[];
  readonly surface: string;
  readonly text: string;
}

/** Relative luminance of `rgb(r, g, b)`, WCAG 2.2. */
function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = (color.match(/\d+/g) ?? []).map((part) => {
    const share = Number(part) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

describe("history.toSVG in a page", () => {
  test.each(["light", "dark"] as const)(
    "no texts touch, and they can be read, in the %s",
    async (colorScheme) => {
      const browser = await launchBrowser({ hasWebGpu: false });
      try {
        const page = await browser.newPage({ colorScheme });
        await page.setContent(pictures.join(""));
        const looks: Look[] = await page.evaluate(LOOK);
        expect(looks).toHaveLength(pictures.length);
        for (const { outside, touching, surface, text } of looks) {
          expect(outside).toEqual([]);
          expect(touching).toEqual([]);
          const [a = 0, b = 0] = [luminance(surface), luminance(text)].sort((x, y) => y - x);
          expect((a + 0.05) / (b + 0.05)).toBeGreaterThan(4.5);
          expect(luminance(surface) > 0.5).toBe(colorScheme === "light");
        }
        const valid = pictures.map((svg) => JSON.stringify(svg)).join();
        const errors = `[${valid}].map((svg) => new DOMParser().parseFromString(svg, "image/svg+xml").querySelector("parsererror")?.textContent)`;
        expect(await page.evaluate(errors)).toEqual(pictures.map(() => undefined));
      } finally {
        await browser.close();
      }
    },
  );
});
