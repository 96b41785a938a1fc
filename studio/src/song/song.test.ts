import { describe, expect, test } from "vitest";
import { pageOf } from "./paint";
import { barAt, barsBetween, type Lane, lanesOf, type SongNotes, within } from "./roll";
import { barLines, Clock } from "./time";

describe("the clock", () => {
  test("tells seconds of beats through every tempo, and beats of seconds back again", () => {
    const clock = new Clock([
      { onset: 0, bpm: 60 },
      { onset: 4, bpm: 120 },
      { onset: 8, bpm: 30 },
    ]);
    expect([0, 4, 6, 8, 9].map((beat) => clock.seconds(beat))).toEqual([0, 4, 5, 6, 8]);
    for (const beat of [0, 0.5, 3.99, 4, 7.2, 8, 40]) expect(clock.beats(clock.seconds(beat))).toBeCloseTo(beat, 9);
  });

  test("has 120 beats a minute where none is said, and before the first that is", () => {
    expect(new Clock([]).seconds(4)).toBe(2);
    expect(new Clock([{ onset: 4, bpm: 60 }]).seconds(5)).toBe(3);
  });
});

describe("bars", () => {
  test("have the length of their meter, and end where another begins", () => {
    const meters = [
      { onset: 0, numerator: 4, denominator: 4 },
      { onset: 8, numerator: 6, denominator: 8 },
    ];
    expect(barLines(meters, 13)).toEqual([0, 4, 8, 11, 14]);
    expect(
      barLines(
        [
          { onset: 0, numerator: 4, denominator: 4 },
          { onset: 6, numerator: 4, denominator: 4 },
        ],
        10,
      ),
    ).toEqual([0, 4, 6, 10]);
  });

  test("of a song that changes its meter all the time are found at once", () => {
    const meters = Array.from({ length: 50_000 }, (_, bar) => ({
      onset: 2 * bar,
      numerator: 2 + (bar % 2),
      denominator: 4,
    }));
    const begun = performance.now();
    expect(barLines(meters, 100_000)).toHaveLength(50_001);
    expect(performance.now() - begun).toBeLessThan(1000);
  });

  test("are found by a place, and by two places in either order", () => {
    const lines = [0, 4, 8, 12];
    expect([0, 3.9, 4, 11, 50].map((beat) => barAt(lines, beat))).toEqual([1, 1, 2, 3, 3]);
    expect(barsBetween(lines, 9, 1)).toEqual({ first: 1, last: 3 });
    expect(barsBetween(lines, 0, 4)).toEqual({ first: 1, last: 1 });
  });
});

describe("lanes", () => {
  const note = (onset: number, duration: number, pitch = 60) => ({ onset, duration, pitch, velocity: 80 });
  const song = {
    parts: [
      { name: "Silent", program: 0, drums: false, notes: [] },
      { name: "Pad", program: 0, drums: false, notes: [note(8, 1), note(0, 16), note(4, 1)] },
      { name: "Bass", program: 0, drums: false, notes: [note(0, 1, 40)] },
    ],
  } as unknown as SongNotes;

  test("are those of the parts that sound, none over another", () => {
    const [pad, bass] = lanesOf(song, 200);
    expect([pad?.name, bass?.name]).toEqual(["Pad", "Bass"]);
    expect(bass?.top).toBeGreaterThan((pad?.top ?? 0) + (pad?.height ?? 0));
  });

  test("give what may be seen between two times, and a long note that began before", () => {
    const pad = lanesOf(song, 200)[0] as Lane;
    expect(within(pad, 7, 9)).toEqual([0, 3]);
    expect(within(pad, 30, 40)).toEqual([3, 3]);
  });
});

describe("a view", () => {
  const view = { from: 8, scale: 50, width: 400, height: 300 }; // beats 8 to 16

  test("turns the page where the music goes out of it, to either side", () => {
    expect(pageOf(view, 15.9, 16.1)).toBeCloseTo(15.7);
    expect(pageOf(view, 9, 0)).toBeCloseTo(-0.4); // the roll begins at 0 then
    expect(pageOf(view, 12, 12.1)).toBeUndefined();
  });

  test("stays where one looks while the music is elsewhere, and where the song ends at its edge", () => {
    expect(pageOf(view, 20, 20.1)).toBeUndefined();
    expect(pageOf(view, 20, 10)).toBeUndefined();
    expect(pageOf(view, Number.NaN, 30)).toBeUndefined();
    expect(pageOf(view, 15.9, 16)).toBeUndefined();
  });
});
