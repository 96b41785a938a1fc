/** Light or dark: as the system has it, until someone chooses otherwise. */

import { useSyncExternalStore } from "react";
import type { Ground } from "../feeling/colours";

const KEY = "kelly-theme";
const dark = () => window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

function chosen(): Ground | undefined {
  const kept = localStorage.getItem(KEY);
  return kept === "dark" || kept === "light" ? kept : undefined;
}

export function ground(): Ground {
  return chosen() ?? (dark().matches ? "dark" : "light");
}

/** Choose a theme. */
export function choose(theme: Ground): void {
  localStorage.setItem(KEY, theme);
  document.documentElement.dataset.theme = theme;
  for (const told of listeners) told();
}

export function useGround(): Ground {
  return useSyncExternalStore((told) => {
    listeners.add(told);
    dark().addEventListener("change", told);
    return () => {
      listeners.delete(told);
      dark().removeEventListener("change", told);
    };
  }, ground);
}

const kept = chosen();
if (kept !== undefined) document.documentElement.dataset.theme = kept;
