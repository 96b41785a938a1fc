/** Painting the piano roll: what does not move on one canvas, what does on another above it. */

import { colourOf, type Ground, type Place } from "../feeling/colours";
import { type Bars, type Lane, type SongNotes, within } from "./roll";
import type { Clock } from "./time";

export const HEAD = 46; // pixels above the lanes: sections and chords

export interface View {
  from: number; // the beat at the left edge
  scale: number; // pixels a beat
  width: number;
  height: number;
}

export interface Ink {
  text: string;
  quiet: string;
  line: string;
  sunken: string;
  accent: string;
  ground: Ground;
}

export const xOf = (view: View, beat: number) => (beat - view.from) * view.scale;
export const beatOf = (view: View, x: number) => view.from + x / view.scale;

const MARGIN = 0.05; // of the width, that lies before the beat which turned the page

/** Where a view begins that shows where the music is, when it has just gone out of it; else none: who looked elsewhere
 * is left there. Parameters: was and now, beats; of none it was yet, NaN. */
export function pageOf(view: View, was: number, now: number): number | undefined {
  const seen = (beat: number) => Math.abs(xOf(view, beat) - view.width / 2) <= view.width / 2 + 1;
  return seen(was) && !seen(now) ? now - (MARGIN * view.width) / view.scale : undefined;
}

/** The feeling that is asked for at a beat: a section's. */
function feelings(song: SongNotes): { from: number; place: Place }[] {
  return song.sections.map((section) => ({ from: section.start, place: section.emotion }));
}

export function paintSong(
  pen: CanvasRenderingContext2D,
  view: View,
  song: SongNotes,
  lanes: readonly Lane[],
  lines: readonly number[],
  silent: ReadonlySet<number>,
  ink: Ink,
): void {
  const { width, height } = view;
  pen.clearRect(0, 0, width, height);
  const to = beatOf(view, width);
  for (const lane of lanes) {
    pen.fillStyle = ink.sunken;
    pen.fillRect(0, HEAD + lane.top, width, lane.height);
  }
  paintBars(pen, view, lines, ink);
  paintSections(pen, view, song, ink);
  const colours = feelings(song).map(({ from, place }) => ({ from, colour: colourOf(place, ink.ground) }));
  for (const lane of lanes) {
    const [first, last] = within(lane, view.from, to);
    const pitches = lane.high - lane.low + 1;
    const tall = Math.max(2, Math.min(7, (lane.height - 6) / pitches));
    const step = pitches > 1 ? (lane.height - 6 - tall) / (pitches - 1) : 0;
    pen.globalAlpha = silent.has(lane.part) ? 0.2 : 1;
    let section = -1;
    for (let at = first; at < last; at++) {
      const onset = lane.notes[4 * at] as number;
      while (section + 1 < colours.length && (colours[section + 1] as { from: number }).from <= onset + 1e-6) {
        section++;
        pen.fillStyle = (colours[section] as { colour: string }).colour;
      }
      if (section < 0) pen.fillStyle = ink.accent;
      const left = xOf(view, onset);
      const long = Math.max(2, (lane.notes[4 * at + 1] as number) * view.scale - 1);
      const down = pitches > 1 ? (lane.high - (lane.notes[4 * at + 2] as number)) * step : (lane.height - 6 - tall) / 2;
      pen.fillRect(left, HEAD + lane.top + 3 + down, long, tall);
    }
    pen.globalAlpha = 1;
  }
}

function paintBars(pen: CanvasRenderingContext2D, view: View, lines: readonly number[], ink: Ink): void {
  pen.fillStyle = ink.line;
  const wide = view.scale * 4;
  const every = wide > 24 ? 1 : wide > 12 ? 2 : wide > 6 ? 4 : 8;
  for (let bar = 0; bar < lines.length; bar += every) {
    const left = Math.round(xOf(view, lines[bar] as number));
    if (left >= 0 && left <= view.width) pen.fillRect(left, HEAD, 1, view.height - HEAD);
  }
}

function paintSections(pen: CanvasRenderingContext2D, view: View, song: SongNotes, ink: Ink): void {
  pen.textBaseline = "alphabetic";
  song.sections.forEach((section, number) => {
    const left = xOf(view, section.start);
    const next = song.sections[number + 1];
    const right = xOf(view, next === undefined ? song.beats : next.start);
    if (right < 0 || left > view.width) return;
    pen.fillStyle = colourOf(section.emotion, ink.ground);
    pen.fillRect(left, 20, Math.max(1, right - left - 2), 4);
    pen.save();
    pen.beginPath();
    pen.rect(Math.max(0, left), 0, Math.max(0, right - Math.max(0, left) - 4), HEAD);
    pen.clip();
    pen.fillStyle = ink.text;
    pen.font = "600 12px Inter Variable, sans-serif";
    const room = right - Math.max(2, left) - 4;
    if (pen.measureText(section.role).width <= room) pen.fillText(section.role, Math.max(2, left), 14);
    paintChords(pen, view, section, right, ink);
    pen.restore();
  });
}

function paintChords(
  pen: CanvasRenderingContext2D,
  view: View,
  section: SongNotes["sections"][number],
  end: number,
  ink: Ink,
): void {
  pen.font = "11px Inter Variable, sans-serif";
  pen.fillStyle = ink.quiet;
  let free = Number.NEGATIVE_INFINITY; // where the name before ends
  section.chords.forEach((chord, at) => {
    const left = xOf(view, section.start + (section.onsets[at] ?? 0));
    if (left < free || left + pen.measureText(chord).width > end) return;
    pen.fillText(chord, left, 40);
    free = left + pen.measureText(chord).width + 8;
  });
}

/** What moves: the selected bars, and where the music is. */
export function paintAbove(
  pen: CanvasRenderingContext2D,
  view: View,
  lines: readonly number[],
  bars: Bars | undefined,
  second: number,
  clock: Clock,
  ink: Ink,
): void {
  pen.clearRect(0, 0, view.width, view.height);
  if (bars !== undefined) {
    const left = xOf(view, lines[bars.first - 1] ?? 0);
    const right = xOf(view, lines[bars.last] ?? lines.at(-1) ?? 0);
    pen.globalAlpha = 0.14;
    pen.fillStyle = ink.text;
    pen.fillRect(left, HEAD - 20, right - left, view.height - HEAD + 20);
    pen.globalAlpha = 1;
    pen.strokeStyle = ink.text;
    pen.strokeRect(left + 0.5, HEAD - 19.5, right - left - 1, view.height - HEAD + 19);
  }
  pen.fillStyle = ink.accent;
  pen.fillRect(Math.round(xOf(view, clock.beats(second))) - 1, 18, 2, view.height - 18);
}
