/** What was composed before, the newest first: opened again, or forgotten. */

import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, given, type Schema } from "../api/client";
import { useGround } from "../app/theme";
import { colourOf } from "../feeling/colours";

type Song = Schema["SongView"];

const KINDS: Record<Song["kind"], string> = {
  compose: "",
  import: "brought along",
  vary: "varied",
  infill: "bars anew",
  continue: "continued",
  accompany: "accompanied",
  reperform: "played anew",
};
const PAGE = 10;

interface Props {
  shown: string | undefined;
  onForgotten: (song: string) => void;
}

export function History({ shown, onForgotten }: Props) {
  const queries = useQueryClient();
  const songs = useInfiniteQuery({
    queryKey: ["songs"],
    queryFn: ({ pageParam, signal }) => {
      const query = pageParam === undefined ? { limit: PAGE } : { limit: PAGE, before: pageParam };
      return given(api.GET("/v1/songs", { params: { query }, signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const forget = useMutation({
    mutationFn: async (song: string) => {
      const asked = api.DELETE("/v1/songs/{name}", { params: { path: { name: song } } });
      const there = await asked.then(
        ({ error, response }) => error !== undefined && response.status !== 404,
        () => true,
      );
      if (there) throw new Error("It could not be forgotten. Try again.");
      return song;
    },
    onSuccess: (song) => {
      onForgotten(song);
      return queries.invalidateQueries({ queryKey: ["songs"] });
    },
  });
  const rows = songs.data?.pages.flatMap((page) => page.songs) ?? [];
  if (rows.length === 0) return null;
  return (
    <section className="history" aria-labelledby="history">
      <h2 id="history">Earlier</h2>
      <ul>
        {rows.map((song) => (
          <Row key={song.id} song={song} here={song.id === shown} onForget={() => forget.mutate(song.id)} />
        ))}
      </ul>
      {forget.error !== null && <p role="alert">{forget.error.message}</p>}
      {songs.hasNextPage && (
        <button type="button" className="quiet" disabled={songs.isFetching} onClick={() => void songs.fetchNextPage()}>
          Show more
        </button>
      )}
    </section>
  );
}

function Row({ song, here, onForget }: { song: Song; here: boolean; onForget: () => void }) {
  const ground = useGround();
  const colour =
    song.emotion === null ? "var(--line)" : colourOf(song.emotion as NonNullable<typeof song.emotion>, ground);
  const about = [KINDS[song.kind], song.parameters?.key, when(song.created)].filter(Boolean).join(" · ");
  return (
    <li>
      <a href={`#/compose?song=${song.id}`} aria-current={here || undefined}>
        <i style={{ background: colour }} aria-hidden="true" />
        <span>{song.title}</span>
        <small>{about}</small>
      </a>
      <button
        type="button"
        className="quiet"
        aria-label={`Forget ${song.title}`}
        title="Forget it"
        onClick={({ currentTarget }) => {
          const row = currentTarget.closest("li"); // which goes, and would take the focus with it
          (row?.nextElementSibling ?? row?.previousElementSibling)?.querySelector("a")?.focus();
          onForget();
        }}
      >
        ×
      </button>
    </li>
  );
}

function when(created: number): string {
  const then = new Date(1000 * created);
  const today = new Date().toDateString() === then.toDateString();
  return today
    ? then.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" })
    : then.toLocaleDateString(undefined, { day: "numeric", month: "short" });
}
