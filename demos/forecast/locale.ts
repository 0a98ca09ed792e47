// uPlot hands the browser's language to Intl as it loads. Chromium started with LANG=C says
// "en-US@posix", which Intl refuses, and the page would stay empty. To be imported before uPlot.
try {
  Intl.getCanonicalLocales(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en-US" });
}
