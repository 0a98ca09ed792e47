import { elementById } from "./page.ts";

/** Says that this browser has no WebGPU, and what the reader can do. */
export function showNoWebGpu(reason: string): void {
  const isSecure = globalThis.isSecureContext;
  show("This browser offers no WebGPU here", reason, [
    isSecure
      ? "Chrome and Edge have WebGPU from version 113 on (121 on Android), Safari from 26 on, Firefox " +
        "from 141 on for Windows and 145 on for Macs with Apple chips."
      : "Browsers offer WebGPU only on pages that come by https or from localhost; this page comes " +
        `by ${location.protocol.replace(":", "")}.`,
    "On Linux, Chrome may ask for chrome://flags/#enable-unsafe-webgpu and #enable-vulkan.",
    "An outdated driver or switched-off hardware acceleration hides the GPU: see chrome://gpu.",
    "The same forecast runs in Node, also without any GPU: npm start.",
  ]);
}

/** Says that something went wrong; the reader may try again. */
export function showFailure(reason: string): void {
  show("Training came to a halt", reason, [
    "Train again, with another seed perhaps, or reload the page.",
  ]);
}

export function hideProblem(): void {
  elementById("problem").hidden = true;
}

function show(title: string, text: string, advice: readonly string[]): void {
  elementById("problem-title").textContent = title;
  elementById("problem-text").textContent = text;
  const items = advice.map((line) => {
    const item = document.createElement("li");
    item.textContent = line;
    return item;
  });
  elementById("problem-advice").replaceChildren(...items);
  elementById("problem").hidden = false;
}
