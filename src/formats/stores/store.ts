import { StoreError } from "../../errors.ts";

/** A place that holds one model as the bytes of one file. */
export interface ModelStore {
  /** What it is called in messages: the path or URL. */
  readonly name: string;
  /** @throws {StoreError} when there is nothing, or the place cannot be read from. */
  read(): Promise<Uint8Array>;
  /**
   * Replaces what is there, as a whole: whoever reads, also after the process or page was ended, finds the old or the
   * new content.
   * @throws {StoreError} when the place cannot be written to.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Absent where the place cannot tell. */
  exists?(): Promise<boolean>;
  /** Removes the model; one that is not there is no failure. Absent where the place keeps what it has. */
  remove?(): Promise<void>;
  /** A name that is the same for all spellings of one place; absent where there is one spelling. */
  locate?(): Promise<string>;
}

/** What a place that can be listed tells about a model. */
export interface ModelInfo {
  readonly dateSaved: Date;
  /** Size of its file. */
  readonly bytes: number;
}

/** The half of a store that can only be written to. */
export function writeOnly(name: string, wayOut: string): Pick<ModelStore, "read"> {
  return {
    read: () => Promise.reject(new StoreError(`Cannot read ${name}: it only takes. ${wayOut}`)),
  };
}

/** The half of a store that can only be read from. */
export function readOnly(name: string, wayOut: string): Pick<ModelStore, "write"> {
  return {
    write: () => Promise.reject(new StoreError(`Cannot write ${name}: it only gives. ${wayOut}`)),
  };
}
