/** Light or dark: as the system has it, until someone chooses otherwise. */

import { useSyncExternalStore } from "react";
import type { Ground } from "../feeling/colours";
import { keep, kept } from "./kept";

const KEY = "kelly-theme";
const dark = () => window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

const before = kept("localStorage", KEY);
let chosen: Ground | undefined = before === "dark" || before === "light" ? before : undefined;

function ground(): Ground {
  return chosen ?? (dark().matches ? "dark" : "light");
}

/** Choose a theme. */
export function choose(theme: Ground): void {
  chosen = theme;
  keep("localStorage", KEY, theme);
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

if (chosen !== undefined) document.documentElement.dataset.theme = chosen;
