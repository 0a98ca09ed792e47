import { acquireDevice } from "../../../src/gpu/device.ts";
import { PipelineCache } from "../../../src/gpu/pipelines.ts";
import { platform } from "../../../src/node/platform.ts";
import { DOUBLE, runInPlace, storageBuffer } from "../../helpers/kernels.ts";

/** From a bare process to a first result: prints one line of JSON, and has to end by itself. */
const { device, adapterName } = await acquireDevice(platform);
const buffer = storageBuffer(device, [21]);
const [result] = await runInPlace(device, new PipelineCache(device), { code: DOUBLE, buffer });
const sinceStartMs = Math.round(performance.now());
console.log(JSON.stringify({ adapterName, result, sinceStartMs }));
