import "./locale.ts";
import { enableControls, isAutorun, readSettings, setUpControls } from "./controls.ts";
import { LAYER_NAMES, showErrors } from "./errors-table.ts";
import { ForecastPlot } from "./forecast-plot.ts";
import { LossPlot } from "./loss-plot.ts";
import type { Command, Epoch, HeldOutDays, Judgement, Report, Settings, Step } from "./messages.ts";
import { addResult, beginResult, currentResult, elementById, getState, setState } from "./page.ts";
import { hideProblem, showFailure, showNoWebGpu } from "./problem.ts";
import { firstViewLength, setUpViews } from "./views.ts";

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const lossPlot = new LossPlot(elementById("loss-plot"));
let forecastPlot: ForecastPlot | null = null;
let heldOut: HeldOutDays | null = null;
let settings: Settings = readSettings();

setUpControls({ start, stop: () => send({ type: "stop" }) });
setUpViews(() => forecastPlot);
worker.addEventListener("message", ({ data }: MessageEvent<Report>) => take(data));
worker.addEventListener("error", ({ message }) => fail(message));

function start(chosen: Settings): void {
  settings = chosen;
  beginResult(settings);
  hideProblem();
  lossPlot.clear();
  forecastPlot?.setForecast(null);
  refreshErrors();
  enableControls({ start: false, stop: true });
  setState("running");
  announce("Training.");
  send({ type: "start", settings });
}

function take(report: Report): void {
  switch (report.type) {
    case "adapter":
      elementById("adapter").textContent = report.name;
      addResult({ adapter: report.name });
      break;
    case "heldOut":
      showHeldOut(report.days);
      break;
    case "begin":
      elementById("parameters").textContent = report.parameters.toLocaleString("en-US");
      addResult({ parameters: report.parameters, updates: report.updates });
      break;
    case "step":
      showStep(report.step);
      break;
    case "epoch":
      showEpoch(report.epoch);
      break;
    case "averaged":
      showJudgement(report);
      break;
    case "done":
      finish(`Done in ${report.seconds.toFixed(0)} s.`);
      addResult({ seconds: report.seconds });
      setState("done");
      break;
    case "stopped":
      finish("Stopped.");
      setState("ready");
      break;
    case "noWebGpu":
      fail(report.reason);
      showNoWebGpu(report.reason);
      elementById("adapter").textContent = "none";
      break;
    case "failed":
      fail(report.reason);
      showFailure(report.reason);
      enableControls({ start: heldOut !== null, stop: false });
      break;
  }
}

function showHeldOut(days: HeldOutDays): void {
  heldOut = days;
  forecastPlot = new ForecastPlot(elementById("forecast-plot"), days, firstViewLength());
  const { ridge, lag364, lag7 } = days.errors;
  addResult({ heldOutErrors: { ridge, lag364, lag7 } });
  refreshErrors();
  if (getState() === "error") return;
  enableControls({ start: true, stop: false });
  setState("ready");
  announce("Ready. Training takes from seconds to minutes, as fast as the GPU is.");
  if (isAutorun()) start(readSettings());
}

function showStep(step: Step): void {
  const { updates = 0 } = currentResult();
  const done = step.updates / updates;
  lossPlot.addStep(step, done * settings.epochs);
  (elementById("progress") as HTMLProgressElement).value = done;
  elementById("step-time").textContent =
    `${step.msPerStep.toFixed(step.msPerStep < 10 ? 1 : 0)} ms`;
  elementById("updates").textContent =
    `${step.updates.toLocaleString("en-US")} of ${updates.toLocaleString("en-US")}`;
  const left = ((updates - step.updates) * step.msPerStep) / 1000;
  say(`Epoch ${step.epoch} of ${settings.epochs}, about ${formatSeconds(left)} left.`);
  addResult({ msPerStep: step.msPerStep });
}

function showEpoch(epoch: Epoch): void {
  showStep(epoch);
  lossPlot.addEpoch(epoch);
  addResult({
    epochsDone: epoch.epoch,
    trainingError: epoch.loss,
    validationError: epoch.validationLoss,
  });
  showJudgement(epoch);
}

function showJudgement({ forecast, heldOutError }: Judgement): void {
  forecastPlot?.setForecast(forecast);
  elementById("forecast-note").textContent =
    "Dots are what happened, the line is the forecast. Each was made up to 28 days ahead.";
  const { heldOutErrors } = currentResult();
  addResult({ heldOutErrors: { ...heldOutErrors, model: heldOutError } });
  refreshErrors();
}

function refreshErrors(): void {
  if (heldOut === null) return;
  const error = currentResult().heldOutErrors?.model ?? null;
  showErrors(elementById("errors"), heldOut.errors, { kind: settings.model, error });
}

function finish(text: string): void {
  enableControls({ start: true, stop: false });
  const { heldOutErrors } = currentResult();
  const error = heldOutErrors?.model;
  const name = LAYER_NAMES[settings.model];
  const outcome =
    error === undefined ? "" : ` The ${name} is off by ${error.toFixed(0)} births a day.`;
  announce(text + outcome);
}

function fail(reason: string): void {
  addResult({ error: reason });
  setState("error");
  say("");
  enableControls({ start: false, stop: false });
}

function say(text: string): void {
  elementById("status").textContent = text;
}

/** Says it to screen readers too; what changes several times a second would drown them. */
function announce(text: string): void {
  say(text);
  elementById("announcement").textContent = text;
}

function send(command: Command): void {
  if (command.type === "stop" && getState() !== "running") return;
  worker.postMessage(command);
}

function formatSeconds(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return `${Math.ceil(seconds / 60)} min`;
}
