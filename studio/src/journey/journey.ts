/** A journey as it is drawn: knots at even distances over the song, each a feeling. */

import type { Vad } from "../feeling/emotions";

export type Axis = keyof Vad;
export const AXES: readonly Axis[] = ["valence", "arousal", "dominance"];
export const LEAST: Vad = { valence: -1, arousal: 0, dominance: 0 };
const KNOTS = 17;
const FLAT = 0.005; // what lies nearer than this to the line between its neighbours says nothing of its own

export type Knots = readonly Vad[];

/** A journey that stays where it begins. */
export function still(place: Vad): Knots {
  return Array.from({ length: KNOTS }, () => place);
}

/** A journey through places on the way (at, 0..1, rising), straight between them. */
export function through(way: readonly (Vad & { at: number })[]): Knots {
  return Array.from({ length: KNOTS }, (_, knot) => {
    const at = knot / (KNOTS - 1);
    const after = way.find((one) => one.at >= at) ?? way[way.length - 1];
    const before = way.findLast((one) => one.at <= at) ?? way[0];
    if (before === undefined || after === undefined) throw new RangeError("a way has at least one place");
    const share = after.at > before.at ? (at - before.at) / (after.at - before.at) : 0;
    return mixed(before, after, share);
  });
}

/** The feeling at a time of the journey, 0..1. */
export function felt(knots: Knots, at: number): Vad {
  const place = Math.min(1, Math.max(0, at)) * (knots.length - 1);
  const knot = Math.min(knots.length - 2, Math.floor(place));
  return mixed(knots[knot] as Vad, knots[knot + 1] as Vad, place - knot);
}

/** Knots after a stroke from one point to another (at 0..1, value of an axis): those that it passes lie on it. */
export function stroked(knots: Knots, axis: Axis, from: [number, number], to: [number, number]): Knots {
  const [[x0, y0], [x1, y1]] = from[0] <= to[0] ? [from, to] : [to, from];
  const last = knots.length - 1;
  const half = 0.5 / last; // a click moves the knot that is nearest
  return knots.map((place, knot) => {
    const at = knot / last;
    if (at < x0 - half || at > x1 + half) return place;
    const share = x1 > x0 ? Math.min(1, Math.max(0, (at - x0) / (x1 - x0))) : 0;
    const value = y0 + share * (y1 - y0);
    return { ...place, [axis]: Math.min(1, Math.max(LEAST[axis], value)) };
  });
}

/** The journey as the service takes it, without the knots that say nothing of their own. */
export function waypoints(knots: Knots): (Vad & { at: number })[] {
  const kept = [0];
  for (let knot = 1; knot < knots.length - 1; knot++) {
    const [before, here, after] = [kept.at(-1) as number, knot, knot + 1];
    const line = mixed(knots[before] as Vad, knots[after] as Vad, (here - before) / (after - before));
    if (AXES.some((axis) => Math.abs(line[axis] - (knots[here] as Vad)[axis]) > FLAT)) kept.push(knot);
  }
  kept.push(knots.length - 1);
  const round = (number: number) => Math.round(number * 10_000) / 10_000;
  return kept.map((knot) => {
    const { valence, arousal, dominance } = knots[knot] as Vad;
    const at = round(knot / (knots.length - 1));
    return { at, valence: round(valence), arousal: round(arousal), dominance: round(dominance) };
  });
}

function mixed(one: Vad, other: Vad, share: number): Vad {
  const of = (axis: Axis) => one[axis] + share * (other[axis] - one[axis]);
  return { valence: of("valence"), arousal: of("arousal"), dominance: of("dominance") };
}
