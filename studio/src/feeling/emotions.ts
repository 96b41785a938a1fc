/** The names of feelings and their places. */

import { useQuery } from "@tanstack/react-query";
import { api, given, type Schema } from "../api/client";

export type Named = Schema["NamedFeeling"];

export interface Vad {
  valence: number;
  arousal: number;
  dominance: number;
}

export const MIDDLE: Vad = { valence: 0, arousal: 0.5, dominance: 0.5 };

export function useEmotions(): readonly Named[] {
  return useNames().data ?? [];
}

/** The names as they are asked for, with what went wrong. */
export function useNames() {
  return useQuery({
    queryKey: ["emotions"],
    queryFn: async ({ signal }) => (await given(api.GET("/v1/emotions", { signal }))).emotions,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The name whose place is nearest; valence spans twice what the others do, so it counts by half. */
export function nearest(place: Vad, names: readonly Named[]): Named | undefined {
  let best: Named | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const one of names) {
    const off =
      ((one.valence - place.valence) / 2) ** 2 +
      (one.arousal - place.arousal) ** 2 +
      (one.dominance - place.dominance) ** 2;
    if (off < least) [best, least] = [one, off];
  }
  return best;
}

export function clamped({ valence, arousal, dominance }: Vad): Vad {
  const within = (number: number, least: number, most: number) => Math.min(most, Math.max(least, number));
  return { valence: within(valence, -1, 1), arousal: within(arousal, 0, 1), dominance: within(dominance, 0, 1) };
}
