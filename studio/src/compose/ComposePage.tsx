/** Compose: write what you feel, see where it lies, and hear it. */

import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { type Schema, ServiceError } from "../api/client";
import { useWork } from "../api/jobs";
import { go, useRoute } from "../app/route";
import { MIDDLE, nearest, useEmotions, type Vad } from "../feeling/emotions";
import { FeelingMap } from "../feeling/Map";
import { useReading } from "../feeling/reading";
import { Words } from "../feeling/Words";
import { Journey } from "../journey/Journey";
import { AXES, felt, type Knots, still, through, waypoints } from "../journey/journey";
import type { Bars } from "../song/roll";
import { SongView, type Start } from "../song/SongView";
import { History } from "./History";
import { linkOf, type Wish, wishOf } from "./link";
import { type Options, useOptions, type Wishes, wanted, wishFor } from "./options";
import { Progress } from "./Progress";
import { type Nearer, Takes } from "./Takes";
import { Told } from "./Told";
import { useWishOf } from "./useSong";
import { Variations } from "./Variations";
import { WishesForm } from "./Wishes";
import "./compose.css";

const NARROW = "(max-width: 860px)"; // where the song stands below what was asked
const SONG = /^[0-9a-f]{24}$/;

interface Pair {
  takes: readonly [string, string];
  /** What the later one was made for; not known of what was begun before the page was loaded. */
  asked: Vad | undefined;
  /** Whether both were made for the same. */
  alike: boolean;
  answer?: Nearer | undefined;
}

let written = ""; // what stays while somebody looks at another page, and is gone when this one is loaded again

export function ComposePage() {
  const { query } = useRoute();
  const called = query.get("song");
  const song = called !== null && SONG.test(called) ? called : undefined;
  const linked = useMemo(() => wishOf(query), [query]);
  const names = useEmotions();
  const options = useOptions();
  const queries = useQueryClient();
  const [text, setText] = useState(written);
  const [placed, setPlaced] = useState<Vad>(); // where somebody has put the point
  const [knots, setKnots] = useState<Knots>(); // what somebody has drawn
  const [wishes, setWishes] = useState<Wishes>({});
  const [seed, setSeed] = useState(0);
  const [bars, setBars] = useState<Bars>();
  const [keeping, setKeeping] = useState<{ song: string; bars: Bars }>();
  const [pair, setPair] = useState<Pair>();
  const [waiting, setWaiting] = useState<number>(); // the seed of what is composed once the words are read
  const { reading, of, error, again } = useReading(text);
  const { wish, error: lost } = useWishOf(song);
  const own = useRef(new Set<string>()); // songs that were made while the page was open
  const shown = useRef(song);
  const asked = useRef<Vad>(undefined); // what is being made is made for
  const before = useRef<Vad>(undefined); // what the song that is shown was made for
  const span = useRef<Bars>(undefined); // the bars of it that are made anew
  const left = useRef<Start>(undefined); // where the sound of the take was that was left for the other
  const switched = useRef(false); // whether the song that is shown is the other take
  const result = useRef<HTMLDivElement>(null);
  shown.current = song;

  const place = knots === undefined ? (placed ?? reading?.emotion ?? MIDDLE) : felt(knots, 0);
  const heard = placed === undefined && knots === undefined ? reading?.emotion.name : undefined;
  const near = names.find((one) => one.name === heard) ?? nearest(place, names);
  const ready = text.trim() !== "" || placed !== undefined || knots !== undefined;
  const unread = placed === undefined && knots === undefined && text.trim() !== "" && of !== text;

  const work = useWork("compose", (made) => {
    if (ready) own.current.add(made);
    if (shown.current !== undefined && shown.current !== made) {
      const alike = before.current !== undefined && same(before.current, asked.current);
      setPair({ takes: [shown.current, made], asked: asked.current, alike });
    }
    before.current = asked.current;
    switched.current = false;
    setKeeping(span.current === undefined ? undefined : { song: made, bars: span.current });
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

  // Bars are those of a song; what was made anew of them stays in sight.
  useEffect(() => setBars(keeping?.song === song ? keeping?.bars : undefined), [song, keeping]);

  function compose(next: number) {
    setSeed(next);
    if (unread) {
      if (error !== null) again();
      setWaiting(next);
      return;
    }
    asked.current = place;
    span.current = undefined;
    work.begin({ body: wanted(wishFor(place, next, wishes, knots === undefined ? undefined : waypoints(knots))) });
  }

  // Whoever is quicker than the reading means what is written now, not what was read before.
  useEffect(() => {
    if (waiting === undefined || (unread && error === null)) return;
    setWaiting(undefined);
    if (!unread && ready) compose(waiting);
  });

  function vary(body: Schema["Variation"]) {
    if (song === undefined) return;
    asked.current = place;
    span.current = bars;
    work.begin({ of: song, body });
  }

  const start = useCallback(() => (switched.current ? left.current : undefined), []);
  const onLeave = useCallback((at: Start) => {
    left.current = at;
  }, []);

  const busy = work.busy || waiting !== undefined;
  return (
    <main className="compose">
      <h1 className="unseen">Compose</h1>
      <div className="ask">
        <Words
          text={text}
          onText={(text) => {
            written = text;
            setText(text);
            setPlaced(undefined);
          }}
          reading={of === text ? reading : undefined}
          faded={heard === undefined}
          onDone={() => ready && !busy && compose(seed)}
        />
        <Told
          error={error}
          reading={of === text ? reading : undefined}
          moved={heard === undefined && ready ? near : undefined}
          onPlace={setPlaced}
          onWords={
            text.trim() !== "" && placed !== undefined && knots === undefined ? () => setPlaced(undefined) : undefined
          }
        />
        <FeelingMap
          place={place}
          names={names}
          name={heard}
          spread={heard === undefined ? undefined : reading?.spread}
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
        {called !== null && song === undefined ? (
          <p role="alert">The address names no song. Choose one of those that were made earlier, or compose another.</p>
        ) : lost !== null ? (
          <p role="alert">{gone(lost) ? `${lost.message} It may have been forgotten.` : lost.message}</p>
        ) : song === undefined ? (
          <p className="empty">What you compose appears here: its notes, its sound, and how near it came.</p>
        ) : (
          <SongView
            key={song}
            id={song}
            bars={bars}
            onBars={setBars}
            link={wish === undefined ? undefined : linkOf(wish)}
            start={start}
            onLeave={onLeave}
          >
            <Variations song={song} bars={bars} onBars={setBars} place={place} name={near} busy={busy} onVary={vary} />
            {pair?.takes.includes(song) && (
              <Takes
                key={pair.takes.join()}
                {...pair}
                answer={pair.answer}
                shown={song}
                onShow={(take) => {
                  switched.current = true;
                  go(`#/compose?song=${take}`, { replace: true });
                }}
                onAnswer={(answer) => setPair({ ...pair, answer })}
              />
            )}
          </SongView>
        )}
      </div>
      <History
        shown={song}
        onForgotten={(one) => {
          if (one === song) go("#/compose", { replace: true });
          if (pair?.takes.includes(one)) setPair(undefined);
        }}
      />
    </main>
  );
}

function gone(error: Error): boolean {
  return error instanceof ServiceError && error.status === 404;
}

function sectionsOf(options: Options | undefined, arc = "classic") {
  return options?.arc.find((one) => one.name === arc)?.stretches ?? [];
}

function same(one: Vad, other: Vad | undefined): boolean {
  return other !== undefined && AXES.every((axis) => Math.abs(one[axis] - other[axis]) < 0.01);
}
