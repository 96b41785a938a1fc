/** A song: its piano roll, what sounds, each part's say in it, how it was heard, and how to take it along. */

import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { api, given } from "../api/client";
import { useGround } from "../app/theme";
import { colourOf } from "../feeling/colours";
import { Roll } from "./Roll";
import type { Bars, SongNotes } from "./roll";
import { usePlayer } from "./usePlayer";
import "./song.css";

interface Props {
  id: string;
  bars: Bars | undefined;
  onBars: (bars: Bars | undefined) => void;
}

const FILES = [
  ["mid", "MIDI"],
  ["wav", "WAV"],
  ["stems.zip", "Stems"],
  ["musicxml", "MusicXML"],
] as const;

export function SongView({ id, bars, onBars }: Props) {
  const { data: song, error } = useQuery({
    queryKey: ["notes", id],
    queryFn: ({ signal }) =>
      given(api.GET("/v1/songs/{name}/notes", { params: { path: { name: id } }, signal })) as Promise<SongNotes>,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const { player, loading, failed, playing, toggle } = usePlayer(id);
  const [muted, setMuted] = useState<ReadonlySet<number>>(new Set());
  const [soloed, setSoloed] = useState<ReadonlySet<number>>(new Set());

  const silent = useMemo(() => {
    const all = song?.parts.map((_, part) => part) ?? [];
    return new Set(all.filter((part) => muted.has(part) || (soloed.size > 0 && !soloed.has(part))));
  }, [song, muted, soloed]);

  // The stems are those of the parts that have notes, in their order.
  const voices = useMemo(() => {
    const sounding = song?.parts.flatMap((part, at) => (part.notes.length > 0 ? [at] : [])) ?? [];
    return new Map(sounding.map((part, at) => [part, player?.voices[at]]));
  }, [song, player]);

  useEffect(() => {
    for (const [part, voice] of voices) if (voice !== undefined) voice.channel.mute = silent.has(part);
  }, [voices, silent]);

  const second = useCallback(() => player?.second ?? 0, [player]);
  const seek = useCallback((to: number) => player?.seek(to), [player]);

  if (error !== null) return <p role="alert">{error.message}</p>;
  if (song === undefined) return <div className="song" aria-busy="true" />;
  return (
    <section className="song" aria-label={song.title}>
      <header>
        <button type="button" className="play" disabled={player === undefined} onClick={toggle}>
          {playing ? "Pause" : loading ? "Loading" : "Play"}
        </button>
        <div className="title">
          <h3>{song.title}</h3>
          <p>{`${told(song.seconds)} · ${song.parts.length} parts · ${song.sections[0]?.key ?? ""}`}</p>
        </div>
        <nav aria-label="Download">
          {FILES.map(([form, name]) => (
            <a key={form} href={form.includes(".") ? `/v1/songs/${id}/${form}` : `/v1/songs/${id}.${form}`} download>
              {name}
            </a>
          ))}
        </nav>
      </header>
      {failed !== undefined && <p role="alert">{failed}</p>}
      <Roll song={song} second={second} silent={silent} bars={bars} onBars={onBars} onSeek={seek} />
      <Strip song={song} />
      <ul className="mixer" aria-label="Parts">
        {song.parts.map((part, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name that is theirs alone
          <li key={at} data-silent={silent.has(at) || undefined}>
            <span>{part.name}</span>
            <Switch label={`Mute ${part.name}`} on={muted.has(at)} onSwitch={() => setMuted(switched(muted, at))}>
              M
            </Switch>
            <Switch label={`Solo ${part.name}`} on={soloed.has(at)} onSwitch={() => setSoloed(switched(soloed, at))}>
              S
            </Switch>
            <input
              type="range"
              min={-30}
              max={6}
              step={1}
              defaultValue={0}
              aria-label={`Volume of ${part.name}`}
              onChange={(event) => {
                const channel = voices.get(at)?.channel;
                const volume = event.target.valueAsNumber;
                if (channel !== undefined) channel.volume.value = volume <= -30 ? Number.NEGATIVE_INFINITY : volume;
              }}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What was asked of each section, and what Kelly's judge hears in it. */
function Strip({ song }: { song: SongNotes }) {
  const ground = useGround();
  if (song.sections.length === 0) return null;
  return (
    <figure className="strip">
      <figcaption>Asked, and below it how it is heard</figcaption>
      <div className="rows">
        {song.sections.map((section, at) => {
          const end = song.sections[at + 1]?.start ?? song.beats;
          const { heard, emotion } = section;
          return (
            <div key={section.start} style={{ flexGrow: end - section.start }}>
              <i style={{ background: colourOf(emotion, ground) }} title={`Asked: ${emotion.name}`} />
              <i
                style={{ background: heard === null ? "none" : colourOf(heard, ground) }}
                title={
                  heard === null
                    ? "Too little to hear"
                    : `Heard: valence ${heard.valence.toFixed(2)}, arousal ${heard.arousal.toFixed(2)}`
                }
              />
            </div>
          );
        })}
      </div>
    </figure>
  );
}

interface SwitchProps {
  label: string;
  on: boolean;
  onSwitch: () => void;
  children: string;
}

function Switch({ label, on, onSwitch, children }: SwitchProps) {
  return (
    <button type="button" className="switch" aria-label={label} aria-pressed={on} title={label} onClick={onSwitch}>
      {children}
    </button>
  );
}

function switched(set: ReadonlySet<number>, one: number): ReadonlySet<number> {
  const other = new Set(set);
  if (!other.delete(one)) other.add(one);
  return other;
}

function told(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
