import { describe, expect, test } from "vitest";
import { routeOf } from "../app/route";
import { linkOf, type Wish, wishOf } from "./link";

const PLACE = { origin: "http://127.0.0.1:8000", pathname: "/" } as Location;
const WISH: Wish = {
  valence: -0.751,
  arousal: 0.2461,
  dominance: 0.1936,
  seed: 7,
  bars: 16,
  genre: "lo-fi",
  key: "F#",
  tempo: 84,
  neural: 0.5,
  way: [
    { at: 0, valence: -0.75, arousal: 0.25, dominance: 0.19 },
    { at: 0.5, valence: 0.1, arousal: 0.9, dominance: 1 },
    { at: 1, valence: 1, arousal: 0, dominance: 0.5 },
  ],
};

describe("a link", () => {
  test("carries the same wish to another machine", () => {
    const link = linkOf(WISH, PLACE);
    expect(wishOf(routeOf(new URL(link).hash).query)).toEqual(WISH);
  });

  test("keeps a seed to the last digit", () => {
    const seed = Number.MAX_SAFE_INTEGER;
    expect(wishOf(routeOf(new URL(linkOf({ ...WISH, seed }, PLACE)).hash).query)?.seed).toBe(seed);
  });

  test("that is none, or is out of range, wishes for nothing", () => {
    for (const query of ["", "v=0&a=.5", "v=2&a=.5&d=.5&seed=0", "v=x&a=.5&d=.5&seed=0", "v=0&a=.5&d=.5&seed=-1"]) {
      expect(wishOf(new URLSearchParams(query))).toBeUndefined();
    }
  });

  test("with a way that is none leaves the way out", () => {
    for (const way of ["", "0~0~0~0", "0~0~0~0_0~1~1~1", "0~0~0~0_1~2~0~0", "0~0~0_1~0~0", "_", "x_y"]) {
      const query = new URLSearchParams({ v: "0", a: ".5", d: ".5", seed: "1", way });
      expect(wishOf(query)).toEqual({ valence: 0, arousal: 0.5, dominance: 0.5, seed: 1 });
    }
  });

  test("keeps what can be kept of one that was tampered with", () => {
    const wish = wishOf(new URLSearchParams("v=0&a=.5&d=.5&seed=1&tempo=9000&genre=<script>&key=C"));
    expect(wish).toEqual({ valence: 0, arousal: 0.5, dominance: 0.5, seed: 1, key: "C" });
  });
});

test("an unknown page is that where one composes", () => {
  expect(["", "#/", "#/listen", "#/nowhere?x=1"].map((hash) => routeOf(hash).page)).toEqual([
    "compose",
    "compose",
    "listen",
    "compose",
  ]);
});
