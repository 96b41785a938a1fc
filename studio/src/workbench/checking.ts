/** A check of corpora: it takes minutes, so it goes on while one looks at something else. */

import { useSyncExternalStore } from "react";
import { api, given, type Schema } from "../api/client";
import { keep, kept } from "../app/kept";
import { fieldOf } from "./settings";

export type Corpus = Schema["CheckedCorpus"];

export interface Check {
  /** When it was begun (milliseconds of the page's clock); undefined where none runs. */
  begun?: number;
  found?: readonly Corpus[];
  cancelled?: true;
  /** What was refused, by the field that it speaks of. */
  wrong: Partial<Record<"root" | "corpora" | "all", string>>;
}

const KEPT = "kelly-corpora"; // where the folder of the corpora is remembered
const NAMES = "A corpus is named by letters, digits, spaces, - and _, beginning with a letter: groove, pop909.";

/** The folder of corpora that was good last; "" where there was none. */
export function lastRoot(): string {
  return kept("localStorage", KEPT) ?? "";
}

export function keepRoot(root: string): void {
  keep("localStorage", KEPT, root);
}

let now: Check = { wrong: {} };
let control: AbortController | undefined;
const listeners = new Set<() => void>();

function tell(next: Check): void {
  now = next;
  for (const told of listeners) told();
}

export function useCheck(): Check {
  return useSyncExternalStore(
    (told) => {
      listeners.add(told);
      return () => listeners.delete(told);
    },
    () => now,
  );
}

/** Check the corpora of a folder: those of these names, or all where there are none. */
export async function check(root: string, corpora: string[]): Promise<void> {
  if (root === "") {
    tell({ wrong: { root: "Say where the corpora lie: a folder of this machine, by its absolute path." } });
    return;
  }
  const mine = new AbortController();
  control?.abort();
  control = mine;
  tell({ begun: performance.now(), wrong: {} });
  try {
    const told = await given(api.POST("/v1/corpora/checks", { body: { root, corpora }, signal: mine.signal }));
    keepRoot(root);
    if (control === mine) tell({ found: told.corpora, wrong: {} });
  } catch (reason) {
    if (control !== mine) return;
    if (mine.signal.aborted) tell({ cancelled: true, wrong: {} });
    else tell({ wrong: refusal(reason instanceof Error ? reason.message : String(reason)) });
  }
}

export function cancel(): void {
  control?.abort();
}

/** Where a refusal belongs. */
function refusal(message: string): Check["wrong"] {
  const field = fieldOf(message, ["root", "corpora"]);
  if (field === "corpora") return { corpora: NAMES };
  return field === "root" ? { root: message } : { all: message };
}
