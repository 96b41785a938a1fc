import { expect, test } from "vitest";
import { felt, still, stroked, through, waypoints } from "./journey";

const CALM = { valence: 0.5, arousal: 0.2, dominance: 0.6 };

test("a journey that stays where it begins needs two places", () => {
  expect(waypoints(still(CALM))).toEqual([
    { at: 0, ...CALM },
    { at: 1, ...CALM },
  ]);
});

test("a stroke sets what it passes, in either direction, and nothing else", () => {
  const up = stroked(still(CALM), "arousal", [0.5, 0.2], [1, 0.9]);
  const down = stroked(still(CALM), "arousal", [1, 0.9], [0.5, 0.2]);
  expect(up).toEqual(down);
  const told = [0, 0.4, 0.75, 1].map((at) => felt(up, at).arousal);
  expect(told).toEqual([0.2, 0.2, 0.55, 0.9].map((arousal) => expect.closeTo(arousal)));
  expect(up.every((place) => place.valence === 0.5)).toBe(true);
});

test("a stroke that leaves the sheet stays within the axis", () => {
  const knots = stroked(still(CALM), "valence", [0, -7], [1, 7]);
  expect([knots[0]?.valence, knots.at(-1)?.valence]).toEqual([-1, 1]);
});

test("a click moves the nearest knot alone", () => {
  const knots = stroked(still(CALM), "dominance", [0.5, 1], [0.5, 1]);
  expect(knots.filter((place) => place.dominance !== 0.6)).toHaveLength(1);
});

test("what was drawn comes back from its waypoints", () => {
  const drawn = stroked(still(CALM), "arousal", [0, 0], [1, 1]);
  const back = through(waypoints(drawn));
  expect(back.map((place) => place.arousal)).toEqual(drawn.map((place) => expect.closeTo(place.arousal, 2)));
});
