import { failureOf, lifeOf } from "./stores.page.ts";

globalThis.onmessage = async ({ data: url }: MessageEvent<string>) => {
  const life = await lifeOf(url);
  globalThis.postMessage({ life, download: await failureOf("open", "downloads://m") });
};
