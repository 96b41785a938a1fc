/**
 * A link that plays the same song on another machine: the place of the feeling, what was wished for and the seed, but
 * not a word of what was written.
 */

import type { Vad } from "../feeling/emotions";

export interface Wish {
  valence: number;
  arousal: number;
  dominance: number;
  seed: number;
  /** Places on the way through the song, where it does not stay with one feeling. */
  way?: readonly Waypoint[];
  bars?: number;
  genre?: string;
  key?: string;
  mode?: string;
  tempo?: number;
  arc?: string;
  neural?: number;
  improvise?: number;
  humanise?: number;
}

export type Waypoint = Vad & { at: number };

const SHORT = { valence: "v", arousal: "a", dominance: "d", seed: "seed" } as const;
const NUMBERS = ["bars", "tempo", "neural", "improvise", "humanise"] as const;
const NAMES = ["genre", "key", "mode", "arc"] as const;
const RANGES = {
  at: [0, 1],
  valence: [-1, 1],
  arousal: [0, 1],
  dominance: [0, 1],
  seed: [0, Number.MAX_SAFE_INTEGER],
  bars: [1, 10_000],
  tempo: [20, 400],
  neural: [0, 1],
  improvise: [0, 1],
  humanise: [0, 1],
} as const;

export function linkOf(wish: Wish, place = window.location): string {
  const query = new URLSearchParams();
  for (const [name, short] of Object.entries(SHORT))
    query.set(short, String(rounded(wish[name as keyof typeof SHORT])));
  for (const name of NUMBERS) if (wish[name] !== undefined) query.set(name, String(rounded(wish[name])));
  for (const name of NAMES) if (wish[name] !== undefined) query.set(name, wish[name]);
  if (wish.way !== undefined) query.set("way", wish.way.map(toldOf).join("_"));
  return `${place.origin}${place.pathname}#/compose?${query}`;
}

/** What a link wishes for; undefined where it is none, or not within its ranges. */
export function wishOf(query: URLSearchParams): Wish | undefined {
  const wish: Partial<Wish> = {};
  for (const [name, short] of Object.entries(SHORT)) {
    const number = numberOf(query.get(short), name as keyof typeof RANGES);
    if (number === undefined) return undefined;
    wish[name as keyof typeof SHORT] = number;
  }
  for (const name of NUMBERS) {
    const number = numberOf(query.get(name), name);
    if (number !== undefined) wish[name] = number;
  }
  for (const name of NAMES) {
    const text = query.get(name);
    if (text !== null && /^[\w #-]{1,40}$/.test(text)) wish[name] = text;
  }
  const way = wayOf(query.get("way"));
  if (way !== undefined) wish.way = way;
  return wish as Wish;
}

const AXES = ["at", "valence", "arousal", "dominance"] as const;
const MOST = 100; // places on the way

function toldOf(place: Waypoint): string {
  return AXES.map((axis) => rounded(place[axis])).join("~");
}

function wayOf(text: string | null): Waypoint[] | undefined {
  if (text === null || text.length > 40 * MOST) return undefined;
  const way = text.split("_").map((told) => {
    const numbers = told.split("~");
    const [at, valence, arousal, dominance] = AXES.map((axis, place) => numberOf(numbers[place] ?? null, axis));
    if (at === undefined || valence === undefined || arousal === undefined || dominance === undefined) return undefined;
    return { at, valence, arousal, dominance };
  });
  const places = way.filter((place) => place !== undefined);
  const rising = places.every((place, number) => number === 0 || place.at > (places[number - 1] as Waypoint).at);
  return places.length === way.length && places.length > 1 && rising ? places : undefined;
}

function numberOf(text: string | null, name: keyof typeof RANGES): number | undefined {
  const number = text === null || text.trim() === "" ? Number.NaN : Number(text);
  const [least, most] = RANGES[name];
  if (!(number >= least && number <= most)) return undefined;
  return name === "seed" || name === "bars" ? Math.round(number) : number;
}

/** Four places are what a reading has; more would make links long and the song no other. */
function rounded(number: number): number {
  return Number.isInteger(number) ? number : Math.round(number * 10_000) / 10_000;
}
