/** What a song may be wished for beside its feeling, and what the service is asked then. */

import { useQuery } from "@tanstack/react-query";
import { api, given, type Schema } from "../api/client";
import type { Vad } from "../feeling/emotions";
import type { Waypoint, Wish } from "./link";

export type Options = Schema["Options"];
export type Wishes = Omit<Wish, keyof Vad | "seed" | "way">;

export function useOptions(): Options | undefined {
  const { data } = useQuery({
    queryKey: ["options"],
    queryFn: ({ signal }) => given(api.GET("/v1/options", { signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data;
}

/** What a link would ask for: numbers as it has them, so that both make the same song. */
export function wishFor(place: Vad, seed: number, wishes: Wishes, way?: readonly Waypoint[]): Wish {
  const wish = { ...roundedOf(place), seed, ...wishes };
  return way === undefined ? wish : { ...wish, way: way.map((one) => ({ at: one.at, ...roundedOf(one) })) };
}

/** The request of a song; what is not wished for is Kelly's to decide. */
export function wanted(wish: Wish): Schema["Wanted"] {
  const { valence, arousal, dominance, way, seed, ...wishes } = wish;
  if (way === undefined)
    return { feeling: { vad: { valence, arousal, dominance } }, seed, ...wishes } as Schema["Wanted"];
  const { arc, ...others } = wishes;
  const journey = { points: way, ...(arc === undefined ? {} : { arc }) };
  return { feeling: { journey }, seed, ...others } as Schema["Wanted"];
}

/** What a song was wished for, as its report tells; undefined where that says more than a link can carry. */
export function wishOfReport(report: unknown): Wish | undefined {
  const told = report as {
    emotion?: Vad;
    settings?: Record<string, unknown>;
    journey?: { arc?: string; from?: Vad; to?: Vad; points?: Waypoint[] };
  };
  const { emotion, settings = {}, journey } = told;
  if (emotion === undefined || journey === undefined) return undefined;
  const { seed = 0, ...others } = settings as { seed?: number } & Record<string, unknown>;
  if (!Number.isSafeInteger(seed)) return undefined; // which is not the seed any more that it was
  if (Object.keys(others).some((name) => !KNOWN.has(name))) return undefined;
  const arc = journey.arc === undefined || journey.arc === "classic" ? {} : { arc: journey.arc };
  const moves =
    journey.to !== undefined &&
    ["valence", "arousal", "dominance"].some((axis) => {
      const at = axis as keyof Vad;
      return journey.from?.[at] !== journey.to?.[at];
    });
  if (moves && journey.points === undefined) return undefined;
  return wishFor(emotion, seed, { ...others, ...arc } as Wishes, moves ? journey.points : undefined);
}

const KNOWN = new Set(["bars", "genre", "key", "mode", "tempo", "neural", "improvise", "humanise"]);

function roundedOf({ valence, arousal, dominance }: Vad): Vad {
  const rounded = (number: number) => Math.round(number * 10_000) / 10_000;
  return { valence: rounded(valence), arousal: rounded(arousal), dominance: rounded(dominance) };
}
