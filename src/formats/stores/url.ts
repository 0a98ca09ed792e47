import { StoreError } from "../../errors.ts";
import { type ModelStore, readOnly } from "./store.ts";

/** A file on a server (or of a `blob:` or `data:` URL); relative URLs are those of the page. */
export function urlStore(url: string): ModelStore {
  // A data: URL is the content itself.
  const name = url.length > 200 ? `${url.slice(0, 200)}…` : url;
  return {
    name,
    read: async () => {
      let response: Response;
      try {
        response = await fetch(url);
        if (response.ok) return new Uint8Array(await response.arrayBuffer());
      } catch (cause) {
        throw new StoreError(
          `Cannot fetch ${name}: ${cause instanceof Error ? cause.message : String(cause)}. Expected a server that can be ` +
            "reached and, from pages of another site, one that allows it (CORS).",
          { cause, details: { url } },
        );
      }
      throw new StoreError(
        `Cannot fetch ${name}: the server answered ${`${response.status} ${response.statusText}`.trim()}. Expected 200. ` +
          "Check the address.",
        { details: { url, status: response.status } },
      );
    },
    ...readOnly(name, "Save without a target for a Blob, and send it with fetch."),
  };
}
