/** The piano roll's geometry: which note is where, which part has which lane, and which bars a pointer spans. */

import type { Schema } from "../api/client";

export type SongNotes = Schema["SongNotes"];

/** A lane: the notes of a part, between the lowest and the highest of its pitches. */
export interface Lane {
  part: number;
  name: string;
  drums: boolean;
  low: number;
  high: number;
  top: number; // pixels, as height
  height: number;
  /** onset, duration, pitch, velocity of each note, one after another, by onset. */
  notes: Float64Array;
  /** The longest note: no note that begins earlier than this before a time still sounds then. */
  longest: number;
}

export const GAP = 6;
const LEAST = 32; // pixels of a lane, in which there is room for its switches

/** The lanes of a song from top to bottom, which together are `height` pixels high or as high as they must be. */
export function lanesOf(song: SongNotes, height: number): Lane[] {
  const sounding = song.parts.map((part, index) => ({ part, index })).filter(({ part }) => part.notes.length > 0);
  const spans = sounding.map(({ part }) => {
    const low = part.notes.reduce((least, note) => Math.min(least, note.pitch), 127);
    const high = part.notes.reduce((most, note) => Math.max(most, note.pitch), 0);
    return { low, high, weight: Math.sqrt(high - low + 6) };
  });
  const total = spans.reduce((sum, span) => sum + span.weight, 0);
  const room = height - GAP * Math.max(0, sounding.length - 1);
  let top = 0;
  return sounding.map(({ part, index }, at) => {
    const { low, high, weight } = spans[at] as (typeof spans)[number];
    const own = Math.max(LEAST, (room * weight) / total);
    const rows = [...part.notes].sort((one, other) => one.onset - other.onset);
    const notes = Float64Array.from(rows.flatMap((note) => [note.onset, note.duration, note.pitch, note.velocity]));
    const longest = rows.reduce((most, note) => Math.max(most, note.duration), 0);
    const lane = { part: index, name: part.name, drums: part.drums, low, high, top, height: own, notes, longest };
    top += own + GAP;
    return lane;
  });
}

/** The numbers of the first note that may sound at a time, and of the first that begins at or after another. */
export function within(lane: Lane, from: number, to: number): [number, number] {
  return [firstFrom(lane.notes, from - lane.longest), firstFrom(lane.notes, to)];
}

function firstFrom(notes: Float64Array, beat: number): number {
  let low = 0;
  let high = notes.length / 4;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((notes[4 * middle] as number) < beat) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Bars by number from 1, the first and the last of a selection. */
export interface Bars {
  first: number;
  last: number;
}

/** The bars that two places (beats) span, whichever comes first. */
export function barsBetween(lines: readonly number[], one: number, other: number): Bars {
  const [from, to] = one <= other ? [one, other] : [other, one];
  return { first: barAt(lines, from), last: barAt(lines, Math.max(from, to - 1e-6)) };
}

export function barAt(lines: readonly number[], beat: number): number {
  const after = lines.findIndex((line) => line > beat);
  return after === -1 ? Math.max(1, lines.length - 1) : Math.max(1, after);
}
