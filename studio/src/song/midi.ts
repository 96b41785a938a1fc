/** The notes of a song, sent to an instrument a little ahead of when they sound. */

import type { SongNotes } from "./roll";
import { Clock } from "./time";

const AHEAD = 0.25; // seconds of notes that are sent at a time
const EVERY = 50; // milliseconds
const JUMP = 0.5; // seconds by which the music is elsewhere than it should be: somebody has moved it
const DRUMS = 9;

export type Message = [second: number, bytes: number[]];

export const supported = () => "requestMIDIAccess" in navigator;

/** What is sent of a song, by when: instruments first, then each note's beginning and end. */
export function messages(song: SongNotes): Message[] {
  const clock = new Clock(song.tempos);
  const channels = channelsOf(song);
  const sent: Message[] = [];
  song.parts.forEach((part, at) => {
    const channel = channels[at] as number;
    if (!part.drums) sent.push([0, [0xc0 | channel, part.program]]);
    for (const { onset, duration, pitch, velocity } of part.notes) {
      sent.push([clock.seconds(onset), [0x90 | channel, pitch, velocity]]);
      sent.push([clock.seconds(onset + duration), [0x80 | channel, pitch, 0]]);
    }
  });
  // What ends comes before what begins at the same time: else a note struck again would be ended at once.
  const order = ([, bytes]: Message) => ({ 12: 0, 8: 1, 9: 2 })[(bytes[0] as number) >> 4] ?? 3;
  return sent.sort((one, other) => one[0] - other[0] || order(one) - order(other));
}

/** A channel for each part: drums on the tenth, of more than fifteen others some share. */
export function channelsOf(song: SongNotes): number[] {
  let next = 0;
  return song.parts.map((part) => {
    if (part.drums) return DRUMS;
    if (next % 16 === DRUMS) next++;
    return next++ % 16;
  });
}

export class MidiOut {
  readonly #rows: readonly Message[];
  readonly #output: MIDIOutput;
  readonly #second: () => number;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #begun = new Map<number, number>(); // keys whose end was not sent yet, and when they are struck
  #until: number;
  #next = 0;

  /** Send from where the music is, until it is ended. */
  constructor(song: SongNotes, output: MIDIOutput, second: () => number) {
    this.#rows = messages(song);
    this.#output = output;
    this.#second = second;
    this.#until = second();
    this.#moved();
    this.#timer = setInterval(() => this.#send(), EVERY);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#silence();
  }

  #send(): void {
    const now = this.#second();
    if (now < this.#until - AHEAD - JUMP || now > this.#until + JUMP) {
      this.#silence();
      this.#until = now;
      this.#moved();
    }
    const start = performance.now();
    for (; this.#next < this.#rows.length; this.#next++) {
      const [second, bytes] = this.#rows[this.#next] as Message;
      if (second >= now + AHEAD) break;
      const when = start + 1000 * Math.max(0, second - now);
      this.#to(bytes, when);
      this.#keep(bytes, when);
    }
    this.#until = now + AHEAD;
  }

  /** Go on from elsewhere, on the instruments that are chosen there. */
  #moved(): void {
    const found = this.#rows.findIndex(([second]) => second >= this.#until);
    this.#next = found === -1 ? this.#rows.length : found;
    for (const [, bytes] of this.#rows.slice(0, this.#next)) {
      if ((bytes[0] as number) >> 4 === 12) this.#to(bytes);
    }
  }

  #to(bytes: number[], when?: number): void {
    if (this.#output.state !== "disconnected") this.#output.send(bytes, when); // else somebody has pulled the plug
  }

  #keep([status = 0, pitch = 0]: number[], when: number): void {
    const key = ((status & 0x0f) << 7) | pitch;
    if (status >> 4 === 9) this.#begun.set(key, when);
    else if (status >> 4 === 8) this.#begun.delete(key);
  }

  /** End what sounds, and each key that is still to be struck as soon as it is: what is sent cannot be called back. */
  #silence(): void {
    for (let channel = 0; channel < 16; channel++) this.#to([0xb0 | channel, 123, 0]); // all notes off
    for (const [key, when] of this.#begun) this.#to([0x80 | (key >> 7), key & 0x7f, 0], when);
    this.#begun.clear();
  }
}
