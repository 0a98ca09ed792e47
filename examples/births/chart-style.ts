/** Colours and type of the chart, for bright and dark surroundings. */
export const CHART_STYLE = `
  :root {
    --paper: #fbfaf7; --ink: #26303a; --quiet: #6c7680; --rule: #dedbd2;
    --forecast: #0b7a75; --last-year: #c98a2b;
  }
  @media (prefers-color-scheme: dark) {
    :root {
      --paper: #14191e; --ink: #e4e7ea; --quiet: #8f9aa5; --rule: #2c343c;
      --forecast: #4cc2b4; --last-year: #e0ac5e;
    }
  }
  text {
    font-family: system-ui, "Segoe UI", Helvetica, Arial, sans-serif;
    font-size: 13px; fill: var(--ink);
  }
  .paper { fill: var(--paper); }
  .title { font-size: 24px; font-weight: 600; letter-spacing: -0.2px; }
  .heading { font-size: 14px; font-weight: 600; }
  .quiet { fill: var(--quiet); }
  .small { font-size: 11.5px; }
  .forecast-text { fill: var(--forecast); }
  .last-year-text { fill: var(--last-year); }
  .rule { stroke: var(--rule); stroke-width: 1; }
  .actual { fill: var(--ink); }
  .actual-line { fill: none; stroke: var(--ink); stroke-width: 1; opacity: 0.35; }
  .forecast { fill: none; stroke: var(--forecast); stroke-width: 1.1; stroke-linejoin: round; }
  .forecast-strong { fill: none; stroke: var(--forecast); stroke-width: 2.2; stroke-linejoin: round; }
  .last-year {
    fill: none; stroke: var(--last-year); stroke-width: 1.2; stroke-dasharray: 3 3;
  }
  .bar { fill: var(--rule); }
  .bar-model { fill: var(--forecast); }
`;
