/** How a feeling that was heard is told in words: how sure it is, what was heard, and what it may be called. */

import type { Schema } from "../api/client";

type Kind = Schema["Analysis"]["kind"];

const KINDS: Record<Exclude<Kind, "">, string> = {
  speech: "Somebody speaking",
  singing: "Somebody singing",
  music: "Music",
  score: "Notes",
};
const DOUBTED = 0.8; // of a kind, below which the next is told too
const TOLD = 5; // names with bars
const MOVED = 3; // scales
const AWAY = 0.15; // about as far as from one name to the next

/** What it was; and what else it may have been where that is not clear. */
export function kindTold(kind: Kind | "live", kinds: Schema["Analysis"]["kinds"]): string {
  if (kind === "live") return "Heard live";
  if (kind === "") return "Nothing that sounds";
  const ranked = Object.entries(kinds ?? {}).sort((one, other) => other[1] - one[1]);
  const [sure, next] = [kinds?.[kind] ?? 1, ranked.find(([name]) => name !== kind)?.[0] as Kind | undefined];
  if (sure >= DOUBTED || next === undefined || next === "") return KINDS[kind];
  return `${KINDS[kind]} (${percent(sure)} sure; else ${KINDS[next].toLowerCase()})`;
}

/** How likely a reading is as good as right, in words. */
export function sureTold(confidence: number): string {
  const words =
    confidence < 0.2
      ? "hardly more than a guess"
      : confidence < 0.45
        ? "more a guess than not"
        : confidence < 0.6
          ? "as likely right as not"
          : confidence < 0.8
            ? "probably right"
            : "almost surely right";
  return `${words} (${percent(confidence)})`;
}

/** The names with the greatest weights, the one that it is called first. */
export function namesTold(called: string, names: Readonly<Record<string, number>>): [string, number][] {
  const ranked = Object.entries(names).sort((one, other) => other[1] - one[1]);
  const own = ranked.filter(([name]) => name === called);
  return [...own, ...ranked.filter(([name]) => name !== called)].slice(0, TOLD);
}

/** What music moves most listeners to, in words; empty where that is not known. */
export function movedTold(scales: Schema["Analysis"]["scales"]): string {
  const ranked = Object.entries(scales ?? {}).sort((one, other) => other[1] - one[1]);
  const told = ranked.slice(0, MOVED).map(([name, share], at) => {
    return `${percent(share)}${at === 0 ? " of listeners" : ""} to ${name.replaceAll("_", " ")}`;
  });
  return told.join(", ").replaceAll(" %", "\u00a0%");
}

/** Whether a journey leads from one feeling to another that people would call another. */
export function goesSomewhere(journey: Schema["Analysis"]["journey"]): boolean {
  const span = (axis: "valence" | "arousal") => {
    const values = journey.map((station) => station[axis]);
    return Math.max(...values) - Math.min(...values);
  };
  return journey.length > 1 && Math.hypot(span("valence") / 2, span("arousal")) > AWAY;
}

/** A name as a heading. */
export function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
