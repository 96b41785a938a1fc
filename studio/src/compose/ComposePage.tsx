/** Compose: write what you feel, see where it lies, and hear it. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { api, given } from "../api/client";
import { useWork } from "../api/jobs";
import { type Route, useRoute } from "../app/route";
import { MIDDLE, nearest, useEmotions, type Vad } from "../feeling/emotions";
import { FeelingMap } from "../feeling/Map";
import { useReading } from "../feeling/reading";
import { Words } from "../feeling/Words";
import type { Bars } from "../song/roll";
import { SongView } from "../song/SongView";
import { type Wish, wishOf } from "./link";
import { useOptions, type Wishes, wanted } from "./options";
import { WishesForm } from "./Wishes";
import "./compose.css";

export function ComposePage() {
  const route = useRoute();
  const linked = useMemo(() => linkedIn(route), [route]);
  const names = useEmotions();
  const options = useOptions();
  const queries = useQueryClient();
  const [text, setText] = useState("");
  const [dragged, setDragged] = useState<Vad | undefined>(linked);
  const [wishes, setWishes] = useState<Wishes>(() => wishesOf(linked));
  const [seed, setSeed] = useState(linked?.seed ?? 0);
  const [song, setSong] = useState<string>();
  const [bars, setBars] = useState<Bars>();
  const { reading, of, error } = useReading(text);
  const work = useWork("compose", (made) => {
    setSong(made);
    setBars(undefined);
    void queries.invalidateQueries({ queryKey: ["songs"] });
  });

  const place = dragged ?? reading?.emotion ?? MIDDLE;
  const near = nearest(place, names);
  const ready = text.trim() !== "" || dragged !== undefined;

  useEffect(() => {
    if (linked !== undefined) setDragged(linked);
  }, [linked]);

  function compose(with_: number) {
    setSeed(with_);
    const body = wanted(place, with_, wishes);
    work.begin(() => given(api.POST("/v1/songs", { body })));
  }

  return (
    <main className="compose">
      <div className="ask">
        <Words
          text={text}
          onText={(written) => {
            setText(written);
            setDragged(undefined);
          }}
          reading={of === text ? reading : undefined}
        />
        <p className="told" aria-live="polite">
          {error !== null ? error.message : ready ? told(near?.name, reading, dragged !== undefined) : " "}
        </p>
        <FeelingMap
          place={place}
          names={names}
          spread={dragged === undefined ? reading?.spread : undefined}
          onMove={setDragged}
        />
        <label className="dominance">
          Dominance
          <input
            type="range"
            min={0}
            max={1}
            step={0.02}
            value={place.dominance}
            onChange={(event) => setDragged({ ...place, dominance: event.target.valueAsNumber })}
          />
        </label>
        <details>
          <summary>How it should be played</summary>
          <WishesForm options={options} wishes={wishes} onWishes={setWishes} />
        </details>
        <div className="go">
          <button
            type="button"
            className="main"
            disabled={!ready || work.job !== undefined}
            onClick={() => compose(seed)}
          >
            Compose
          </button>
          {song !== undefined && (
            <button type="button" disabled={work.job !== undefined} onClick={() => compose(seed + 1)}>
              Again, another way
            </button>
          )}
        </div>
        {work.job !== undefined && (
          <div className="work" role="status">
            <progress value={work.job.progress} max={1} aria-label={work.job.stage} />
            <span>{work.job.stage}</span>
            <button type="button" className="quiet" onClick={work.cancel}>
              Cancel
            </button>
          </div>
        )}
        {work.error !== undefined && <p role="alert">{work.error}</p>}
      </div>
      <div className="made">
        {song === undefined ? (
          <p className="empty">What you compose appears here: its notes, its sound, and how near it came.</p>
        ) : (
          <SongView key={song} id={song} bars={bars} onBars={setBars} />
        )}
      </div>
    </main>
  );
}

function told(name: string | undefined, reading: ReturnType<typeof useReading>["reading"], dragged: boolean): string {
  if (name === undefined) return " ";
  if (dragged || reading === undefined) return `Nearest name: ${name}.`;
  const others = reading.readings.slice(1).map((one) => one.name);
  return others.length === 0
    ? `Heard as ${reading.emotion.name}.`
    : `Heard as ${reading.emotion.name}, or ${others.join(" or ")}.`;
}

function linkedIn(route: Route): Wish | undefined {
  return route.page === "compose" ? wishOf(route.query) : undefined;
}

function wishesOf(wish: Wish | undefined): Wishes {
  if (wish === undefined) return {};
  const { valence: _v, arousal: _a, dominance: _d, seed: _s, ...wishes } = wish;
  return wishes;
}
