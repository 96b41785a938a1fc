/** Beats and seconds of a song: its tempo map both ways. */

export interface TempoRow {
  onset: number;
  bpm: number;
}

interface Stretch {
  beat: number;
  second: number;
  rate: number; // beats a second
}

export class Clock {
  readonly #stretches: Stretch[] = [];

  /** Tempos in the order of their onsets (beats); where the first begins later, or none is there, 120 BPM before. */
  constructor(tempos: readonly TempoRow[]) {
    this.#stretches.push({ beat: 0, second: 0, rate: 2 });
    for (const { onset, bpm } of tempos) {
      const last = this.#stretches.at(-1) as Stretch;
      const second = last.second + (onset - last.beat) / last.rate;
      if (onset <= last.beat) this.#stretches.pop();
      this.#stretches.push({ beat: Math.max(0, onset), second, rate: bpm / 60 });
    }
  }

  seconds(beat: number): number {
    const at = this.#last((one) => one.beat <= beat);
    return at.second + (beat - at.beat) / at.rate;
  }

  beats(second: number): number {
    const at = this.#last((one) => one.second <= second);
    return at.beat + (second - at.second) * at.rate;
  }

  /** The last stretch that has begun; the first where none has. */
  #last(begun: (one: Stretch) => boolean): Stretch {
    let low = 0;
    let high = this.#stretches.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (begun(this.#stretches[middle] as Stretch)) low = middle;
      else high = middle - 1;
    }
    return this.#stretches[low] as Stretch;
  }
}

export interface MeterRow {
  onset: number;
  numerator: number;
  denominator: number;
}

const MOST_BARS = 100_000;

/** Where each bar begins, in beats, and where the last one ends. */
export function barLines(meters: readonly MeterRow[], beats: number): number[] {
  const lines = [0];
  let at = 0;
  let row: MeterRow = meters[0] ?? { onset: 0, numerator: 4, denominator: 4 };
  let next = 0; // of the meters that have not begun
  while (at < beats - 1e-6 && lines.length <= MOST_BARS) {
    for (; next < meters.length && (meters[next] as MeterRow).onset <= at + 1e-6; next++)
      row = meters[next] as MeterRow;
    const change = meters[next]?.onset ?? Number.POSITIVE_INFINITY;
    at += (4 * row.numerator) / row.denominator;
    if (change < at - 1e-6) at = change; // a bar that is cut short by another meter
    lines.push(at);
  }
  return lines;
}
