/** What a song may be wished for beside its feeling, and what the service is asked then. */

import { useQuery } from "@tanstack/react-query";
import { api, given, type Schema } from "../api/client";
import type { Vad } from "../feeling/emotions";
import type { Wish } from "./link";

export type Options = Schema["Options"];
export type Wishes = Omit<Wish, keyof Vad | "seed">;

export function useOptions(): Options | undefined {
  const { data } = useQuery({
    queryKey: ["options"],
    queryFn: ({ signal }) => given(api.GET("/v1/options", { signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data;
}

/** The request of a song at a place; what is not wished for is Kelly's to decide. */
export function wanted(place: Vad, seed: number, wishes: Wishes): Schema["Wanted"] {
  const rounded = (number: number) => Math.round(number * 10_000) / 10_000; // as a link has it
  const { valence, arousal, dominance } = place;
  const vad = { valence: rounded(valence), arousal: rounded(arousal), dominance: rounded(dominance) };
  const { arc, ...rest } = wishes;
  return { feeling: { vad }, seed, ...(arc === undefined ? {} : { arc }), ...rest } as Schema["Wanted"];
}
