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
  const unheard = useRef(0); // where it is, in a sound that cannot be played
  const [ready, setReady] = useState(false);
  const [playing, setPlaying] = useState(false);
  const [failed, setFailed] = useState<string>();

  useEffect(() => {
    if (box.current === null) return;
    unheard.current = 0;
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
    made.on("ready", () => setReady(true));
    made.on("play", () => setPlaying(true));
    made.on("pause", () => setPlaying(false));
    made.on("finish", () => setPlaying(false));
    made.on("error", () => setFailed("This browser cannot play it; below is what Kelly heard."));
    void made.loadBlob(sound).catch(() => undefined); // of which "error" tells
    return () => {
      wave.current = undefined;
      made.destroy();
    };
  }, [box, sound]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the ground is what the colours hang on
  useEffect(() => {
    if (box.current !== null) wave.current?.setOptions(inks(box.current));
  }, [box, ground]);

  const toggle = useCallback(() => {
    void wave.current?.playPause().catch((error: Error) => setFailed(`It cannot be played: ${error.message}`));
  }, []);
  // The element itself is asked and told: a second `setTime` before the first was done would be lost.
  const second = useCallback(() => {
    const element = wave.current?.getMediaElement();
    return element?.duration ? element.currentTime : unheard.current;
  }, []);
  const seek = useCallback((to: number) => {
    unheard.current = to;
    const element = wave.current?.getMediaElement();
    if (element?.duration) element.currentTime = Math.min(to, element.duration);
  }, []);
  return { ready, playing, failed, toggle, second, seek };
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
