/** Compose: write what you feel, see where it lies, and hear it. */

import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Schema } from "../api/client";
import { useWork } from "../api/jobs";
import { go, useRoute } from "../app/route";
import { MIDDLE, nearest, useEmotions, type Vad } from "../feeling/emotions";
import { FeelingMap } from "../feeling/Map";
import { useReading } from "../feeling/reading";
import { Words } from "../feeling/Words";
import { Journey } from "../journey/Journey";
import { felt, type Knots, still, through, waypoints } from "../journey/journey";
import type { Bars } from "../song/roll";
import { SongView } from "../song/SongView";
import { History } from "./History";
import { linkOf, type Wish, wishOf } from "./link";
import { type Options, useOptions, type Wishes, wanted, wishFor } from "./options";
import { Progress } from "./Progress";
import { Takes } from "./Takes";
import { useWishOf } from "./useSong";
import { Variations } from "./Variations";
import { WishesForm } from "./Wishes";
import "./compose.css";

const NARROW = "(max-width: 860px)"; // where the song stands below what was asked

export function ComposePage() {
  const { query } = useRoute();
  const song = query.get("song") ?? undefined;
  const linked = useMemo(() => wishOf(query), [query]);
  const names = useEmotions();
  const options = useOptions();
  const queries = useQueryClient();
  const [text, setText] = useState("");
  const [placed, setPlaced] = useState<Vad>(); // where somebody has put the point
  const [knots, setKnots] = useState<Knots>(); // what somebody has drawn
  const [wishes, setWishes] = useState<Wishes>({});
  const [seed, setSeed] = useState(0);
  const [bars, setBars] = useState<Bars>();
  const [takes, setTakes] = useState<readonly [string, string]>();
  const { reading, of, error } = useReading(text);
  const { wish, error: lost } = useWishOf(song);
  const own = useRef(new Set<string>()); // songs that were made while the page was open
  const shown = useRef(song);
  const result = useRef<HTMLDivElement>(null);
  shown.current = song;

  const work = useWork("compose", (made) => {
    own.current.add(made);
    if (shown.current !== undefined && shown.current !== made) setTakes([shown.current, made]);
    go(`#/compose?song=${made}`, { replace: wishOf(new URLSearchParams(query)) !== undefined });
    void queries.invalidateQueries({ queryKey: ["songs"] });
    if (window.matchMedia(NARROW).matches) result.current?.scrollIntoView({ behavior: "smooth" });
  });

  const adopt = useCallback(({ valence, arousal, dominance, seed, way, ...wishes }: Wish) => {
    setPlaced({ valence, arousal, dominance });
    setKnots(way === undefined ? undefined : through(way));
    setWishes(wishes);
    setSeed(seed);
  }, []);

  // A link brings the feeling along and is composed at once, but not beside what is being made already.
  const { begin, pending } = work;
  useEffect(() => {
    if (linked === undefined) return;
    adopt(linked);
    if (!pending()) begin({ body: wanted(linked) });
  }, [linked, adopt, begin, pending]);

  // What was made earlier brings back what it was wished for.
  useEffect(() => {
    if (song !== undefined && wish !== undefined && !own.current.has(song)) adopt(wish);
  }, [song, wish, adopt]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: bars are those of a song
  useEffect(() => setBars(undefined), [song]);

  const place = placed ?? reading?.emotion ?? MIDDLE;
  const heard = placed === undefined && knots === undefined ? reading?.emotion.name : undefined;
  const near = names.find((one) => one.name === heard) ?? nearest(place, names);
  const ready = text.trim() !== "" || placed !== undefined || knots !== undefined;

  function compose(next: number) {
    setSeed(next);
    const start = knots === undefined ? place : felt(knots, 0);
    const body = wanted(wishFor(start, next, wishes, knots === undefined ? undefined : waypoints(knots)));
    work.begin({ body });
  }

  function vary(body: Schema["Variation"]) {
    if (song !== undefined) work.begin({ of: song, body });
  }

  const busy = work.job !== undefined;
  return (
    <main className="compose">
      <h1 className="unseen">Compose</h1>
      <div className="ask">
        <Words
          text={text}
          onText={(written) => {
            setText(written);
            setPlaced(undefined);
          }}
          reading={of === text ? reading : undefined}
          onDone={() => ready && !busy && compose(seed)}
        />
        <p className="told" aria-live="polite">
          {error !== null ? error.message : ready ? told(near?.name, reading, placed !== undefined) : " "}
        </p>
        <FeelingMap
          place={knots === undefined ? place : felt(knots, 0)}
          names={names}
          name={heard}
          spread={placed === undefined && knots === undefined ? reading?.spread : undefined}
          onMove={knots === undefined ? setPlaced : undefined}
          way={knots}
        />
        {knots === undefined && (
          <label className="dominance">
            Dominance
            <input
              type="range"
              min={0}
              max={1}
              step={0.02}
              value={place.dominance}
              onChange={(event) => setPlaced({ ...place, dominance: event.target.valueAsNumber })}
            />
          </label>
        )}
        <label className="moving">
          <input
            type="checkbox"
            checked={knots !== undefined}
            onChange={(event) => setKnots(event.target.checked ? still(place) : undefined)}
          />
          Let the feeling change over the song
        </label>
        {knots !== undefined && <Journey knots={knots} onKnots={setKnots} sections={sectionsOf(options, wishes.arc)} />}
        <div className="go">
          <button type="button" className="main" disabled={!ready || busy} onClick={() => compose(seed)}>
            Compose
          </button>
          {song !== undefined && ready && (
            <button type="button" disabled={busy} onClick={() => compose(seed + 1)}>
              Again, another way
            </button>
          )}
        </div>
        <Progress work={work} />
        <details>
          <summary>How it should be played</summary>
          <WishesForm options={options} wishes={wishes} onWishes={setWishes} />
        </details>
      </div>
      <div className="made" ref={result}>
        {lost !== null ? (
          <p role="alert">{lost.message} It may have been forgotten.</p>
        ) : song === undefined ? (
          <p className="empty">What you compose appears here: its notes, its sound, and how near it came.</p>
        ) : (
          <SongView
            key={song}
            id={song}
            bars={bars}
            onBars={setBars}
            link={wish === undefined ? undefined : linkOf(wish)}
          >
            <Variations song={song} bars={bars} onBars={setBars} place={place} name={near} busy={busy} onVary={vary} />
            {takes?.includes(song) && (
              <Takes
                key={takes.join()}
                takes={takes}
                shown={song}
                onShow={(take) => go(`#/compose?song=${take}`, { replace: true })}
                asked={place}
              />
            )}
          </SongView>
        )}
      </div>
      <History shown={song} onForgotten={(one) => one === song && go("#/compose", { replace: true })} />
    </main>
  );
}

function sectionsOf(options: Options | undefined, arc = "classic") {
  return options?.arc.find((one) => one.name === arc)?.stretches ?? [];
}

function told(name: string | undefined, reading: ReturnType<typeof useReading>["reading"], placed: boolean): string {
  if (name === undefined) return " ";
  if (placed || reading === undefined) return `Nearest name: ${name}.`;
  const others = reading.readings.slice(1).map((one) => one.name);
  return others.length === 0
    ? `Heard as ${reading.emotion.name}.`
    : `Heard as ${reading.emotion.name}, or ${others.join(" or ")}.`;
}
