/** Where the page is: the part of the address behind `#`, which never leaves the browser. */

import { useMemo, useSyncExternalStore } from "react";

export const PAGES = ["compose", "listen", "workbench"] as const;
export type Page = (typeof PAGES)[number];

export interface Route {
  page: Page;
  query: URLSearchParams;
}

/** The route that a hash says: `#/listen`, `#/compose?v=-0.9`. What is not known leads to compose. */
export function routeOf(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const page = PAGES.find((one) => one === path) ?? "compose";
  return { page, query: new URLSearchParams(query) };
}

/**
 * Go elsewhere; in place of where one is, so that "back" does not lead there, or after it.
 *
 * The page is told at once, where writing `location.hash` tells it a moment later: a box that is clicked would until
 * then jump back to what the address still says.
 */
export function go(hash: string, { replace = false } = {}): void {
  if (replace) window.history.replaceState(null, "", hash);
  else if (hash !== window.location.hash) window.history.pushState(null, "", hash);
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

export function useHash(): string {
  return useSyncExternalStore(
    (changed) => {
      window.addEventListener("hashchange", changed);
      return () => window.removeEventListener("hashchange", changed);
    },
    () => window.location.hash,
  );
}

/** The route; the same object for as long as the hash is the same. */
export function useRoute(): Route {
  const hash = useHash();
  return useMemo(() => routeOf(hash), [hash]);
}
