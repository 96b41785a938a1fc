/** Looks at the counters of the service, while somebody looks on. */

import { useEffect, useSyncExternalStore } from "react";
import { api, given, ServiceError } from "../api/client";
import { parsed } from "./prometheus";
import { EVERY, kept, type Look, looked } from "./traffic";

export interface Seen {
  looks: readonly Look[];
  /** Why the last look failed. */
  error: string | undefined;
  /** What the service says of itself: undefined until it was asked; a sentence where it takes no requests. */
  ready: true | string | undefined;
}

// What was seen stays when one looks at something else for a while.
let seen: Seen = { looks: [], error: undefined, ready: undefined };
const listeners = new Set<() => void>();

function tell(news: Partial<Seen>): void {
  seen = { ...seen, ...news };
  for (const told of listeners) told();
}

/** What was seen of the service; it is looked at every other second while the page is visible. */
export function useLooks(): Seen {
  useEffect(() => {
    const abort = new AbortController();
    let next: ReturnType<typeof setTimeout> | undefined;
    const turn = async () => {
      if (document.visibilityState === "visible") await look(abort.signal);
      if (!abort.signal.aborted) next = setTimeout(() => void turn(), 1000 * EVERY);
    };
    void turn();
    return () => {
      abort.abort();
      clearTimeout(next);
    };
  }, []);
  return useSyncExternalStore(
    (told) => {
      listeners.add(told);
      return () => listeners.delete(told);
    },
    () => seen,
  );
}

async function look(signal: AbortSignal): Promise<void> {
  try {
    const text = await given(api.GET("/metrics", { parseAs: "text", signal })); // alone, since it counts itself
    const ready = await given(api.GET("/readyz", { signal })).then(
      () => true as const,
      (reason: Error) => reason.message,
    );
    if (signal.aborted) return;
    tell({ looks: kept(seen.looks, looked(parsed(text), Date.now() / 1000)), ready, error: undefined });
  } catch (reason) {
    if (signal.aborted) return;
    tell({ error: reason instanceof ServiceError ? reason.message : String(reason) });
  }
}
