import { readdir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

/**
 * Files that are being written have a name of their own until they are complete. It says which process writes, so that
 * what a killed process left behind can be told from what another one is writing just now.
 */
const DRAFT = /^\.sluice-(.+)-(\d+)-\d+-\d+\.tmp$/;

const machine =
  hostname()
    .replace(/[^A-Za-z0-9.-]/g, "_")
    .slice(0, 64) || "unnamed";
// Worker threads share the number of the process, and each has its own copy of this module.
const instance = Math.floor(Math.random() * 2 ** 32);
let drafts = 0;

/** A path in this folder that no other writer uses. */
export function draftIn(folder: string): string {
  return join(folder, `.sluice-${machine}-${process.pid}-${instance}-${drafts++}.tmp`);
}

/** Removes what killed processes left in a folder. It never fails: a draft that stays is a matter of space only. */
export async function removeStaleDrafts(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  await Promise.all(
    names.map(async (name) => {
      const [, owner, pid] = DRAFT.exec(name) ?? [];
      if (owner === undefined) return;
      const path = join(folder, name);
      // Somebody else may have removed it, or own it.
      if (await isStale(path, { owner, pid: Number(pid) }).catch(() => false)) {
        await rm(path, { force: true }).catch(() => undefined);
      }
    }),
  );
}

const DAY_MS = 86_400_000;

async function isStale(path: string, draft: { owner: string; pid: number }): Promise<boolean> {
  if (draft.owner === machine && draft.pid !== process.pid) return !isAlive(draft.pid);
  const changedMs = (await stat(path)).mtimeMs;
  // In a container that is started again, this process may well have the number of the one that was killed.
  if (draft.owner === machine) return changedMs < Date.now() - process.uptime() * 1000;
  // A folder shared between machines: nobody writes one file for a day.
  return changedMs < Date.now() - DAY_MS;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, under another user.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
