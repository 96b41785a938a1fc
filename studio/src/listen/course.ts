/** The course of a feeling: where it was at each time, what it was called, and the lines that show it. */

import type { Schema } from "../api/client";
import { type Named, nearest, type Vad } from "../feeling/emotions";

export type Moment = Schema["Moment"];

/** What was felt at a time in seconds; no place where nothing sounded. */
export interface Point {
  second: number;
  place: Vad | undefined;
  name: string | undefined;
}

/** A time over which a feeling has one name. */
export interface Stretch {
  from: number;
  to: number;
  name: string;
}

const FINEST = 600; // points of a line; more would not be seen
const BRIEFEST = 1 / 50; // of the whole: what is briefer belongs to its neighbour

/** The points of a timeline. What was heard from a time up to an end was felt in the middle of it. */
export function pointsOf(timeline: readonly Moment[], names: readonly Named[]): Point[] {
  return timeline.map(({ time, end, valence, arousal, dominance, name }) => {
    const second = end == null ? time : (time + end) / 2;
    if (valence === null || arousal === null) return { second, place: undefined, name: undefined };
    const place = { valence, arousal, dominance: dominance ?? 0.5 };
    return { second, place, name: name ?? nearest(place, names)?.name };
  });
}

/** What was felt at a time: between two points on the straight line, before the first and after the last as there. */
export function feltAt(points: readonly Point[], second: number): Point {
  const after = firstAfter(points, second);
  const [left, right] = [points[after - 1] ?? points[after], points[after] ?? points[after - 1]];
  if (left === undefined || right === undefined) return { second, place: undefined, name: undefined };
  const span = right.second - left.second;
  const share = span > 0 ? (second - left.second) / span : 0;
  const near = share < 0.5 ? left : right;
  if (left.place === undefined || right.place === undefined) return { ...near, second };
  const between = (one: number, other: number) => one + share * (other - one);
  const place = {
    valence: between(left.place.valence, right.place.valence),
    arousal: between(left.place.arousal, right.place.arousal),
    dominance: between(left.place.dominance, right.place.dominance),
  };
  return { second, place, name: near.name };
}

function firstAfter(points: readonly Point[], second: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle] as Point).second <= second) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The stretches over which the name stays the same, brief ones left to those before them; none in silence. */
export function stretchesOf(points: readonly Point[], seconds: number): Stretch[] {
  const told: Stretch[] = [];
  points.forEach(({ second, name }, at) => {
    const from = at === 0 ? 0 : edge(points[at - 1] as Point, points[at] as Point);
    const to =
      at === points.length - 1 ? Math.max(seconds, second) : edge(points[at] as Point, points[at + 1] as Point);
    const last = told.at(-1);
    if (name === undefined) return;
    if (last !== undefined && last.name === name && last.to === from) last.to = to;
    else told.push({ from, to, name });
  });
  return told.reduce<Stretch[]>((kept, one) => {
    const last = kept.at(-1);
    const joined = last !== undefined && last.to === one.from;
    if (joined && (one.name === last.name || one.to - one.from < seconds * BRIEFEST)) last.to = one.to;
    else kept.push({ ...one });
    return kept;
  }, []);
}

const edge = (one: Point, other: Point) => (one.second + other.second) / 2;

/** As many points as can be seen of a course, evenly taken, its first and last among them. */
export function thinned(points: readonly Point[]): readonly Point[] {
  const step = Math.ceil(points.length / FINEST);
  return step <= 1 ? points : points.filter((_, at) => at % step === 0 || at === points.length - 1);
}

/**
 * The line of an axis as SVG has it, in a box that is `width` by `height`; it breaks where nothing sounded.
 *
 * @param along how far a second lies along the box, 0..1
 * @param high how high a place lies in it, 0..1
 */
export function lineOf(
  points: readonly Point[],
  seconds: number,
  along: (second: number) => number,
  high: (place: Vad) => number,
  width: number,
  height: number,
): string {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return "";
  const whole = [{ ...first, second: 0 }, ...points, { ...last, second: Math.max(seconds, last.second) }];
  let pen = "M";
  let line = "";
  for (const { second, place } of whole) {
    if (place === undefined) pen = "M";
    else {
      line += `${pen}${(width * along(second)).toFixed(2)} ${(height * (1 - high(place))).toFixed(2)}`;
      pen = "L";
    }
  }
  return line;
}

/** A time as people say it: 1:05. */
export function clockOf(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds + 1e-6));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** A number of an axis as it is shown: −0.12, with a sign where it may have one. */
export function numberOf(value: number, signed = false): string {
  const text = Math.abs(value).toFixed(2);
  if (value <= -0.005) return `−${text}`;
  return signed && value >= 0.005 ? `+${text}` : text;
}
