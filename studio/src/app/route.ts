/** Where the page is: the part of the address behind `#`, which never leaves the browser. */

import { useSyncExternalStore } from "react";

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

export function useRoute(): Route {
  const hash = useSyncExternalStore(
    (changed) => {
      window.addEventListener("hashchange", changed);
      return () => window.removeEventListener("hashchange", changed);
    },
    () => window.location.hash,
  );
  return routeOf(hash);
}
