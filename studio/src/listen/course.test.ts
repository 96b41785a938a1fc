import { describe, expect, test } from "vitest";
import type { Named } from "../feeling/emotions";
import { clockOf, feltAt, lineOf, type Moment, numberOf, pointsOf, stretchesOf, thinned } from "./course";

const NAMES = [
  { name: "grief", valence: -0.9, arousal: 0.3, dominance: 0.2 },
  { name: "joy", valence: 0.9, arousal: 0.7, dominance: 0.6 },
] as Named[];

function moment(time: number, valence: number | null, name: string | null = null, end: number | null = null): Moment {
  return { time, end, valence, arousal: valence === null ? null : 0.5, dominance: 0.5, name };
}

describe("points", () => {
  test("of notes lie in the middle of what was heard, and are called by the nearest name", () => {
    expect(pointsOf([moment(10, -0.8, null, 30)], NAMES)).toEqual([
      { second: 20, place: { valence: -0.8, arousal: 0.5, dominance: 0.5 }, name: "grief" },
    ]);
  });

  test("of silence have neither place nor name", () => {
    expect(pointsOf([moment(1, null)], NAMES)).toEqual([{ second: 1, place: undefined, name: undefined }]);
  });
});

describe("what was felt", () => {
  const points = pointsOf([moment(0, -1), moment(2, 1), moment(4, null)], NAMES);

  test("between two points lies on the line between them", () => {
    expect(feltAt(points, 0.5)).toMatchObject({ place: { valence: -0.5 }, name: "grief" });
    expect(feltAt(points, 1.5)).toMatchObject({ place: { valence: 0.5 }, name: "joy" });
  });

  test("before the first and after the last is as there", () => {
    expect(feltAt(points, -5).place?.valence).toBe(-1);
    expect(feltAt(points.slice(0, 2), 99).place?.valence).toBe(1);
    expect(feltAt([], 1).place).toBeUndefined();
  });

  test("beside silence is that of the nearer point", () => {
    expect(feltAt(points, 2.5).place?.valence).toBe(1);
    expect(feltAt(points, 3.5).place).toBeUndefined();
  });
});

describe("stretches", () => {
  test("join what has one name, and leave silence out", () => {
    const points = pointsOf([moment(0, -1), moment(2, -1), moment(4, null), moment(6, 1)], NAMES);
    expect(stretchesOf(points, 8)).toEqual([
      { from: 0, to: 3, name: "grief" },
      { from: 5, to: 8, name: "joy" },
    ]);
  });

  test("too brief to be seen go to the one before", () => {
    const points = pointsOf(
      Array.from({ length: 100 }, (_, at) => moment(at, at === 40 ? 1 : -1)),
      NAMES,
    );
    expect(stretchesOf(points, 100)).toEqual([{ from: 0, to: 100, name: "grief" }]);
  });
});

test("a line breaks where nothing sounded, and is held to both ends", () => {
  const points = pointsOf([moment(1, 0), moment(2, null), moment(3, 1), moment(4, 1)], NAMES);
  const line = lineOf(
    points,
    5,
    (second) => second / 5,
    ({ valence }) => (valence + 1) / 2,
    100,
    10,
  );
  expect(line).toBe("M0.00 5.00L20.00 5.00M60.00 0.00L80.00 0.00L100.00 0.00");
});

test("a long course is thinned to what can be seen, with its ends", () => {
  const points = pointsOf(
    Array.from({ length: 10_000 }, (_, at) => moment(at, 0)),
    NAMES,
  );
  const seen = thinned(points);
  expect(seen.length).toBeLessThanOrEqual(601);
  expect([seen[0]?.second, seen.at(-1)?.second]).toEqual([0, 9999]);
  expect(thinned(points.slice(0, 20))).toHaveLength(20);
});

test("times and numbers are told as people read them", () => {
  expect([0, 59.99, 65, 600].map(clockOf)).toEqual(["0:00", "0:59", "1:05", "10:00"]);
  expect([-0.124, -0.001, 0.3].map((one) => numberOf(one, true))).toEqual(["−0.12", "0.00", "+0.30"]);
  expect(numberOf(0.3)).toBe("0.30");
});
