/** A song: its piano roll, what sounds, each part's say in it, how it was heard, and how to take it along. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { api, given } from "../api/client";
import { Mixer } from "./Mixer";
import { HEIGHT, Roll } from "./Roll";
import { type Bars, lanesOf, type SongNotes } from "./roll";
import { Strip } from "./Strip";
import { Take } from "./Take";
import { barLines, Clock } from "./time";
import { useSound } from "./useSound";
import "./song.css";

interface Props {
  id: string;
  bars: Bars | undefined;
  onBars: (bars: Bars | undefined) => void;
  /** A link that plays the same song elsewhere; none of what cannot be made from a feeling alone. */
  link?: string | undefined;
  /** Where its sound begins, and who is told where it was when it is left. */
  start?: (() => Start | undefined) | undefined;
  onLeave?: ((at: Start) => void) | undefined;
  /** What can be done with the song, or the bars of it that are selected. */
  children?: ReactNode;
}

/** Where a song is: a place in seconds, and whether it plays. */
export interface Start {
  second: number;
  playing: boolean;
}

const NOTHING: ReadonlySet<number> = new Set();

/** The notes of a song. */
export function useNotes(id: string) {
  return useQuery({
    queryKey: ["notes", id],
    queryFn: ({ signal }) =>
      given(api.GET("/v1/songs/{name}/notes", { params: { path: { name: id } }, signal })) as Promise<SongNotes>,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function SongView({ id, bars, onBars, link, start, onLeave, children }: Props) {
  const { data: song, error } = useNotes(id);
  const { sound, failed, playing, parting, toggle, mix } = useSound(id);
  const begun = useRef(false);
  const [silent, setSilent] = useState(NOTHING);
  const lanes = useMemo(() => (song === undefined ? [] : lanesOf(song, HEIGHT)), [song]);
  const second = useCallback(() => sound?.second ?? 0, [sound]);
  const seek = useCallback((to: number) => sound?.seek(to), [sound]);

  useEffect(() => {
    if (sound === undefined || song === undefined || begun.current) return;
    begun.current = true;
    const at = start?.() ?? (bars === undefined ? undefined : beginning(song, bars));
    if (at === undefined) return;
    sound.seek(at.second);
    if (at.playing) toggle();
  }, [sound, song, bars, start, toggle]);

  useLayoutEffect(() => {
    if (sound === undefined || onLeave === undefined) return;
    return () => onLeave({ second: sound.second, playing });
  }, [sound, playing, onLeave]);

  if (error !== null) return <p role="alert">{error.message}</p>;
  if (song === undefined) return <div className="song" aria-busy="true" />;
  const waits = sound === undefined && failed === undefined;
  return (
    <section className="song" aria-label={song.title}>
      <header>
        <button
          type="button"
          className="play"
          disabled={sound === undefined}
          aria-busy={waits}
          aria-label={waits ? "The sound is being rendered" : playing ? "Pause" : "Play"}
          title={waits ? "The sound is being rendered" : "Space, when the roll has the focus"}
          onClick={toggle}
        >
          {playing ? PAUSE : PLAY}
        </button>
        <div className="title">
          <h2>{song.title}</h2>
          <p>
            <Elapsed second={second} playing={playing} /> {[minutes(song.seconds), ...about(song)].join(" · ")}
          </p>
        </div>
        <Take id={id} song={song} link={link} second={second} playing={playing} />
      </header>
      {failed !== undefined && <p role="alert">{failed}</p>}
      <div className="desk">
        <Mixer lanes={lanes} onLevels={mix} onSilent={setSilent} />
        <Roll song={song} second={second} silent={silent} bars={bars} onBars={onBars} onSeek={seek} onPlay={toggle} />
        <p className="parting" role="status">
          {parting ? "Each part's own sound is being loaded…" : ""}
        </p>
      </div>
      {children}
      <Strip song={song} />
    </section>
  );
}

const PLAY = (
  <svg viewBox="0 0 20 20" aria-hidden="true">
    <path d="M6 3.5v13l11-6.5z" />
  </svg>
);
const PAUSE = (
  <svg viewBox="0 0 20 20" aria-hidden="true">
    <path d="M5 4h3.5v12H5zM11.5 4H15v12h-3.5z" />
  </svg>
);

/** The beginning of some bars, where nothing plays yet. */
function beginning(song: SongNotes, bars: Bars): Start {
  const lines = barLines(song.meters, song.beats);
  return { second: new Clock(song.tempos).seconds(lines[bars.first - 1] ?? 0), playing: false };
}

/** Where the music is, while it plays or stands elsewhere than at its beginning. */
function Elapsed({ second, playing }: { second: () => number; playing: boolean }) {
  const [at, setAt] = useState("");
  useEffect(() => {
    const look = () => setAt(second() > 0 ? `${minutes(Math.floor(second()))} /` : "");
    look();
    const timer = setInterval(look, playing ? 200 : 1000);
    return () => clearInterval(timer);
  }, [second, playing]);
  return <span className="elapsed">{at}</span>;
}

/** What is told of a song beside its name: tempo, key and how many parts play. */
function about(song: SongNotes): string[] {
  const tempo = song.tempos[0] === undefined ? "" : `${Math.round(song.tempos[0].bpm)} BPM`;
  const parts = song.parts.filter((part) => part.notes.length > 0).length;
  return [tempo, song.sections[0]?.key ?? "", parts === 1 ? "1 part" : `${parts} parts`].filter(Boolean);
}

function minutes(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
