import { expect, test } from "vitest";
import { type Reading, stretchesOf } from "./Words";

const row = (start: number, end: number, valence = -0.5) => ({
  text: "",
  start,
  end,
  valence,
  arousal: 0,
  dominance: 0,
});
const reading = (...influences: ReturnType<typeof row>[]) => ({ influences, words: [] }) as unknown as Reading;
const shown = (text: string, told: Reading) => stretchesOf(told, text).map(({ start, end }) => text.slice(start, end));

test("words are found behind what takes two units, as an emoji does", () => {
  expect(shown("😀👩🏽 I miss her", reading(row(6, 10)))).toEqual(["miss"]);
  expect(shown("I miss 😀", reading(row(7, 8)))).toEqual(["😀"]);
});

test("what hardly moved the reading, lies over another or beyond the text is left out", () => {
  expect(shown("I miss her", reading(row(0, 1, 0.01), row(2, 6), row(4, 8), row(7, 40)))).toEqual(["miss"]);
});
