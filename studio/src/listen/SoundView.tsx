/** A sound: its waveform, which plays, and under it in the same scale of time what it feels like as it goes on. */

import { useCallback, useMemo, useRef } from "react";
import { useEmotions } from "../feeling/emotions";
import { Course } from "./Course";
import { clockOf, pointsOf } from "./course";
import type { Heard } from "./hear";
import { PlayButton } from "./PlayButton";
import { kindTold } from "./said";
import { useWave } from "./useWave";

export default function SoundView({ heard }: { heard: Extract<Heard, { form: "sound" }> }) {
  const { title, sound, told } = heard;
  const names = useEmotions();
  const box = useRef<HTMLDivElement>(null);
  const { ready, playing, failed, toggle, second, seek } = useWave(box, sound);
  const points = useMemo(() => pointsOf(told.timeline, names), [told, names]);
  const seconds = Math.max(told.seconds, 0.001);
  const along = useCallback((at: number) => Math.min(1, at / seconds), [seconds]);
  const secondAt = useCallback((share: number) => share * seconds, [seconds]);
  return (
    <section className="track" aria-label={title}>
      <header>
        {failed === undefined && <PlayButton playing={playing} waits={!ready} onToggle={toggle} />}
        <div className="title">
          <h2>{title}</h2>
          <p>{`${kindTold(told.kind, told.kinds)} · ${clockOf(told.seconds)}`}</p>
        </div>
      </header>
      {failed !== undefined && <p className="quiet-line">{failed}</p>}
      <Course
        label={`Course of ${title}`}
        points={points}
        seconds={seconds}
        along={along}
        secondAt={secondAt}
        second={second}
        onSeek={seek}
        onToggle={toggle}
      >
        <div ref={box} className="wave" data-ready={ready || undefined} hidden={failed !== undefined} />
      </Course>
    </section>
  );
}
