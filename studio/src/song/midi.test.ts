import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { channelsOf, MidiOut } from "./midi";
import type { SongNotes } from "./roll";

const note = (onset: number, duration: number, pitch: number) => ({ onset, duration, pitch, velocity: 80 });
const SONG = {
  tempos: [{ onset: 0, bpm: 60 }],
  parts: [{ name: "Melody", program: 5, drums: false, notes: [note(0, 2, 60), note(0.2, 2, 64), note(1, 1, 67)] }],
} as unknown as SongNotes;

/** An instrument that keeps what it is sent, and when. */
function instrument() {
  const sent: [bytes: number[], when: number | undefined][] = [];
  const output = { state: "connected", send: (bytes: number[], when?: number) => sent.push([bytes, when]) };
  return { output: output as unknown as MIDIOutput, sent };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("a key that is to be struck after the music was stopped is let go as soon as it is", () => {
  const { output, sent } = instrument();
  const out = new MidiOut(SONG, output, () => 0);
  vi.advanceTimersByTime(60);
  const struck = sent.filter(([bytes]) => bytes[0] === 0x90);
  expect(struck.map(([bytes]) => bytes[1])).toEqual([60, 64]);
  out.end();
  for (const [bytes, when] of struck) {
    const ends = sent.filter(([told]) => told[0] === 0x80 && told[1] === bytes[1]);
    expect(ends.some(([, then]) => (then as number) >= (when as number))).toBe(true);
  }
});

test("an instrument that was unplugged is sent nothing", () => {
  const { output, sent } = instrument();
  const out = new MidiOut(SONG, { ...output, state: "disconnected" } as MIDIOutput, () => 0);
  const before = sent.length;
  vi.advanceTimersByTime(200);
  out.end();
  expect(sent).toHaveLength(before);
});

test("drums have the tenth channel, and nobody else", () => {
  const parts = Array.from({ length: 20 }, (_, at) => ({ drums: at === 3 }));
  const channels = channelsOf({ parts } as unknown as SongNotes);
  expect(channels[3]).toBe(9);
  expect(channels.filter((one) => one === 9)).toHaveLength(1);
});
