import { DeviceLostError, UnsupportedError } from "../errors.ts";
import { type DeviceLimits, limitsToRequest, readLimits } from "./limits.ts";
import type { Platform } from "./platform.ts";

/** A WebGPU device with what the engine needs to know about it. */
export interface GpuDevice {
  readonly device: GPUDevice;
  readonly limits: DeviceLimits;
  readonly features: ReadonlySet<string>;
  /** For people: what computes, e.g. `"mesa software (llvmpipe: Mesa 25.0.7 (LLVM 15.0.6) 0.0.1)"`. */
  readonly adapterName: string;
  /** Whether the adapter is a stand-in in software. */
  readonly isFallback: boolean;
  /** Whether the device was made here; an application's device is never destroyed. */
  readonly owned: boolean;
  /** Resolves, once, when the device is gone, also after `destroy()`. */
  readonly lost: Promise<DeviceLostError>;
  /** Ends the device if it was made here; otherwise does nothing. */
  destroy(): void;
}

/** How to come by a device. */
export interface DeviceOptions {
  /** The application's own device: used as it is, never destroyed. */
  readonly device?: GPUDevice;
  /** Which adapter to prefer where there are several; default: the browser's choice. */
  readonly powerPreference?: GPUPowerPreference;
}

/** Older browsers have no `device.adapterInfo`. */
type AdapterInfo = GPUAdapterInfo | undefined;

/** Features that make something faster or measurable; only float16 depends on one. */
const OPTIONAL_FEATURES: readonly GPUFeatureName[] = ["timestamp-query", "shader-f16", "subgroups"];

/**
 * Makes a device with the adapter's largest limits, or wraps the application's.
 *
 * @throws {UnsupportedError} when there is no WebGPU, no adapter or no device; the message says what to do.
 * @throws {DeviceLostError} when the application's device is already lost.
 */
export async function acquireDevice(
  platform: Platform,
  options: DeviceOptions = {},
): Promise<GpuDevice> {
  if (options.device !== undefined) {
    const loss = await lossOf(options.device);
    if (loss !== null) throw loss;
    return wrapDevice(options.device, options.device.adapterInfo, false);
  }
  const adapter = await requestAdapter(platform, options);
  const device = (await requestDevice(adapter)) ?? (await requestPlainDevice(platform, options));
  return wrapDevice(device, adapter.info, true);
}

/** The loss of a device, or `null` while it lives. */
export async function lossOf(device: GPUDevice): Promise<DeviceLostError | null> {
  const watch = watchLoss(device);
  await null; // a loss from before the watch is reported now
  return watch.loss;
}

/** One watch a device: every `then` on a promise that may never settle stays in memory with it. */
const watches = new WeakMap<GPUDevice, LossWatch>();

interface LossWatch {
  loss: DeviceLostError | null;
  readonly lost: Promise<DeviceLostError>;
}

function watchLoss(device: GPUDevice): LossWatch {
  const known = watches.get(device);
  if (known !== undefined) return known;
  const lost = device.lost.then((info) => {
    watch.loss = describeLoss(info, nameOf(device.adapterInfo));
    return watch.loss;
  });
  const watch: LossWatch = { loss: null, lost };
  watches.set(device, watch);
  return watch;
}

async function requestAdapter(platform: Platform, options: DeviceOptions): Promise<GPUAdapter> {
  const request: GPURequestAdapterOptions = {};
  if (options.powerPreference !== undefined) request.powerPreference = options.powerPreference;
  const adapter = await (await platform.gpu()).requestAdapter(request);
  if (adapter !== null) return adapter;
  const software = await platform.softwareGpu?.();
  const standIn = (await software?.requestAdapter(request)) ?? null;
  if (standIn !== null) return standIn;
  throw new UnsupportedError(
    `WebGPU (${platform.name}) offers no adapter. ${platform.noAdapterAdvice}`,
    { details: { platform: platform.name } },
  );
}

/** With everything that the adapter announces; `undefined` where the driver then refuses it all the same. */
async function requestDevice(adapter: GPUAdapter): Promise<GPUDevice | undefined> {
  const requiredFeatures = OPTIONAL_FEATURES.filter((name) => adapter.features.has(name));
  const requiredLimits = limitsToRequest(adapter.limits);
  try {
    return await adapter.requestDevice({ label: "sluice", requiredFeatures, requiredLimits });
  } catch {
    return undefined;
  }
}

/** With the specification's defaults. A refusal may have used the adapter up, so this asks for a new one. */
async function requestPlainDevice(platform: Platform, options: DeviceOptions): Promise<GPUDevice> {
  const adapter = await requestAdapter(platform, options);
  try {
    return await adapter.requestDevice({ label: "sluice" });
  } catch (cause) {
    const name = nameOf(adapter.info);
    throw new UnsupportedError(
      `The adapter ${name} gives no device, not even with default limits: ` +
        `${cause instanceof Error ? cause.message : String(cause)} ${platform.noAdapterAdvice}`,
      { cause, details: { adapter: name } },
    );
  }
}

function wrapDevice(device: GPUDevice, info: AdapterInfo, owned: boolean): GpuDevice {
  const adapterName = nameOf(info);
  return {
    device,
    limits: readLimits(device.limits),
    features: new Set(device.features),
    adapterName,
    isFallback: info?.isFallbackAdapter === true,
    owned,
    lost: watchLoss(device).lost,
    destroy: owned ? () => device.destroy() : () => {},
  };
}

/** Browsers leave out some of the words, or all, for privacy. */
function nameOf(info: AdapterInfo): string {
  if (info === undefined) return "unknown adapter";
  const family = [info.vendor, info.architecture].filter((word) => word !== "").join(" ");
  const model = info.description !== "" ? info.description : info.device;
  if (family === "" && model === "") return "unnamed adapter";
  return model === "" ? family : family === "" ? model : `${family} (${model})`;
}

function describeLoss(loss: GPUDeviceLostInfo, adapter: string): DeviceLostError {
  const cause =
    loss.reason === "destroyed"
      ? "it was destroyed"
      : `the driver gave it up${loss.message === "" ? "" : `: ${loss.message}`}`;
  return new DeviceLostError(`The GPU device on ${adapter} is lost: ${cause}.`, {
    details: { reason: loss.reason, adapter },
  });
}
