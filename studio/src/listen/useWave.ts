/** A sound that is played here: its waveform in an element, and where it is. */

import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import WaveSurfer from "wavesurfer.js";
import { useGround } from "../app/theme";

export interface Playing {
  ready: boolean;
  playing: boolean;
  failed: string | undefined;
  toggle: () => void;
  /** Where it is, in seconds. */
  second: () => number;
  seek: (second: number) => void;
}

const HEIGHT = 96;

export function useWave(box: RefObject<HTMLElement | null>, sound: Blob): Playing {
  const ground = useGround();
  const wave = useRef<WaveSurfer>(undefined);
  const wanted = useRef<number>(undefined); // where it was told to go, until it is there
  const underway = useRef<number>(undefined); // where it goes now
  const playsThere = useRef(false); // whether it plays once it is there
  const [ready, setReady] = useState(false);
  const [playing, setPlaying] = useState(false);
  const [failed, setFailed] = useState<string>();

  // One after another: Chromium gets stuck where it is told to go elsewhere, again and again, before it is there.
  const go = useCallback((media: HTMLMediaElement) => {
    underway.current = wanted.current;
    media.currentTime = Math.min(wanted.current ?? 0, media.duration);
  }, []);

  const toggle = useCallback(() => {
    playsThere.current = underway.current !== undefined && wave.current?.isPlaying() === false;
    if (playsThere.current) return;
    void wave.current?.playPause().catch((error: Error) => setFailed(`It cannot be played: ${error.message}`));
  }, []);

  useEffect(() => {
    if (box.current === null) return;
    wanted.current = undefined;
    underway.current = undefined;
    playsThere.current = false;
    setReady(false);
    setPlaying(false);
    setFailed(undefined);
    const made = WaveSurfer.create({
      container: box.current,
      height: HEIGHT,
      barWidth: 2,
      barGap: 1,
      barRadius: 2,
      cursorWidth: 0, // the course has one for both
      normalize: true,
      interact: false,
      ...inks(box.current),
    });
    wave.current = made;
    const media = mediaOf(made);
    const arrived = () => {
      if (underway.current === wanted.current) wanted.current = undefined;
      underway.current = undefined;
      if (wanted.current !== undefined) go(media);
      else if (playsThere.current) toggle();
    };
    media.addEventListener("seeked", arrived);
    made.on("ready", () => {
      setReady(true);
      if (wanted.current !== undefined && underway.current === undefined) go(media);
    });
    made.on("play", () => setPlaying(true));
    made.on("pause", () => setPlaying(false));
    made.on("finish", () => setPlaying(false));
    made.on("error", () => setFailed("This browser cannot play it; below is what Kelly heard."));
    void made.loadBlob(sound).catch(() => undefined); // of which "error" tells
    return () => {
      wave.current = undefined;
      media.removeEventListener("seeked", arrived);
      made.destroy();
    };
  }, [box, sound, go, toggle]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the ground is what the colours hang on
  useEffect(() => {
    if (box.current !== null) wave.current?.setOptions(inks(box.current));
  }, [box, ground]);

  const second = useCallback(
    () => wanted.current ?? (wave.current === undefined ? 0 : mediaOf(wave.current).currentTime),
    [],
  );
  const seek = useCallback(
    (to: number) => {
      wanted.current = to;
      const media = wave.current && mediaOf(wave.current);
      if (media?.duration && underway.current === undefined) go(media);
    },
    [go],
  );
  return { ready, playing, failed, toggle, second, seek };
}

/** What plays; there is none only where a wave is made with Web Audio alone. */
function mediaOf(wave: WaveSurfer): HTMLMediaElement {
  return wave.getMediaElement() as HTMLMediaElement;
}

/** The colours of the page as a canvas takes them. */
function inks(element: HTMLElement) {
  const of = (name: string) => {
    element.style.color = `var(--${name})`;
    return getComputedStyle(element).color;
  };
  const [waveColor, progressColor] = [of("quiet"), of("accent")];
  element.style.color = "";
  return { waveColor, progressColor };
}
