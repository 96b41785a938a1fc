/** The song that is shown, and what it was wished for, as far as a link can say that. */

import { useQuery } from "@tanstack/react-query";
import { api, fetched, given } from "../api/client";
import type { Wish } from "./link";
import { wishOfReport } from "./options";

/** What a song was composed for; undefined of what was varied or brought along. Throws where there is no such song. */
export function useWishOf(song: string | undefined): { wish: Wish | undefined; error: Error | null } {
  const { data, error } = useQuery({
    queryKey: ["wish", song],
    queryFn: async ({ signal }) => {
      const view = await given(api.GET("/v1/songs/{name}", { params: { path: { name: song as string } }, signal }));
      if (view.kind !== "compose" || view.links.json === undefined) return null;
      const answer = await fetched(view.links.json, signal);
      return wishOfReport(await answer.json()) ?? null;
    },
    enabled: song !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  return { wish: data ?? undefined, error };
}
