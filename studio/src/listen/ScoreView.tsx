/** Notes that were brought along: their roll, which plays, and under it what they feel like as they go on. */

import { useCallback, useEffect, useMemo, useRef } from "react";
import { useEmotions } from "../feeling/emotions";
import { Roll } from "../song/Roll";
import type { SongNotes } from "../song/roll";
import { useNotes } from "../song/SongView";
import { barLines, Clock } from "../song/time";
import { useSound } from "../song/useSound";
import { Course } from "./Course";
import { clockOf, pointsOf } from "./course";
import type { Heard } from "./hear";
import { PlayButton } from "./PlayButton";

const NONE: ReadonlySet<number> = new Set();
const nothing = () => undefined; // no bars are selected here

export default function ScoreView({ heard }: { heard: Extract<Heard, { form: "score" }> }) {
  const { title, song: id } = heard;
  const { data: song, error } = useNotes(id);
  if (error !== null) return <p role="alert">{error.message}</p>;
  return (
    <section className="track" aria-label={title} aria-busy={song === undefined}>
      {song !== undefined && <Notes heard={heard} song={song} />}
    </section>
  );
}

function Notes({ heard, song }: { heard: Extract<Heard, { form: "score" }>; song: SongNotes }) {
  const { title, song: id, told } = heard;
  const names = useEmotions();
  const sounding = song.parts.filter((part) => part.notes.length > 0).length;
  const { sound, failed, playing, toggle } = useSound(id);
  const points = useMemo(() => pointsOf(told.timeline, names), [told, names]);
  const { along, secondAt } = useMemo(() => scaleOf(song), [song]);
  const unheard = useRef(0); // where it is, while there is no sound
  const second = useCallback(() => sound?.second ?? unheard.current, [sound]);
  const seek = useCallback(
    (to: number) => {
      unheard.current = to;
      sound?.seek(to);
    },
    [sound],
  );
  useEffect(() => sound?.seek(unheard.current), [sound]);
  return (
    <>
      <header>
        {failed === undefined && <PlayButton playing={playing} waits={sound === undefined} onToggle={toggle} />}
        <div className="title">
          <h2>{title}</h2>
          <p>{`Notes · ${clockOf(song.seconds)} · ${sounding} ${sounding === 1 ? "part" : "parts"}`}</p>
        </div>
      </header>
      {failed !== undefined && <p role="alert">{failed}</p>}
      <div className="notes">
        <Roll
          song={song}
          second={second}
          silent={NONE}
          bars={undefined}
          onBars={nothing}
          onSeek={seek}
          onPlay={toggle}
        />
      </div>
      <Course
        label={`Course of ${title}`}
        points={points}
        seconds={song.seconds}
        along={along}
        secondAt={secondAt}
        second={second}
        onSeek={seek}
        onToggle={toggle}
      />
      <p className="quiet-line">It is kept among your songs, so that you can go on with it.</p>
    </>
  );
}

/** The scale of the roll, which goes by beats, for seconds. */
function scaleOf(song: SongNotes) {
  const clock = new Clock(song.tempos);
  const whole = Math.max(1e-6, barLines(song.meters, song.beats).at(-1) ?? song.beats);
  return {
    along: (second: number) => Math.max(0, Math.min(1, clock.beats(second) / whole)),
    secondAt: (share: number) => clock.seconds(share * whole),
  };
}
