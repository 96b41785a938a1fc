/** The sound of a song, loaded as soon as the song is shown, and how loud each of its parts is. */

import { useCallback, useEffect, useRef, useState } from "react";
import { Sound } from "./sound";

export interface Levels {
  decibels: ReadonlyMap<number, number>;
  silent: ReadonlySet<number>;
}

export interface Sounding {
  sound: Sound | undefined;
  failed: string | undefined;
  playing: boolean;
  /** Whether each part's own sound is being loaded. */
  parting: boolean;
  toggle: () => void;
  /** Set how loud parts are. Parts are counted among those that have notes. */
  mix: (levels: Levels) => void;
}

export function useSound(song: string): Sounding {
  const [sound, setSound] = useState<Sound>();
  const [failed, setFailed] = useState<string>();
  const [playing, setPlaying] = useState(false);
  const [parting, setParting] = useState(false);
  const wanted = useRef<Levels>(undefined);

  useEffect(() => {
    const control = new AbortController();
    let loaded: Sound | undefined;
    setSound(undefined);
    setFailed(undefined);
    setPlaying(false);
    wanted.current = undefined;
    Sound.of(song, control.signal)
      .then((one) => {
        loaded = one;
        if (control.signal.aborted) one.dispose();
        else setSound(one);
      })
      .catch((error: Error) => {
        if (!control.signal.aborted) setFailed(error.message);
      });
    return () => {
      control.abort();
      loaded?.dispose();
    };
  }, [song]);

  useEffect(() => {
    if (!playing || sound === undefined) return;
    const timer = setInterval(() => {
      const over = sound.second >= sound.seconds - 0.02;
      if (sound.playing && !over) return;
      if (over) {
        sound.pause();
        sound.seek(0);
      }
      setPlaying(false); // at its end, or because a key of the keyboard or the system has paused it
    }, 100);
    return () => clearInterval(timer);
  }, [sound, playing]);

  const toggle = useCallback(() => {
    if (sound === undefined) return;
    setPlaying(!playing);
    if (playing) {
      sound.pause();
      return;
    }
    sound.play().catch((error: Error) => {
      if (error.name === "AbortError") return; // paused before it began
      setFailed(error.message);
      setPlaying(false);
    });
  }, [sound, playing]);

  const mix = useCallback(
    (levels: Levels) => {
      wanted.current = levels;
      if (sound === undefined) return;
      if (!sound.parted) setParting(true);
      setFailed(undefined);
      sound
        .parts()
        .then((stems) => {
          const { decibels, silent } = wanted.current ?? levels;
          for (let part = 0; part < 128; part++) stems.set(part, decibels.get(part) ?? 0, silent.has(part));
        })
        .catch((error: Error) => {
          if (error.name !== "AbortError") setFailed(error.message);
        })
        .finally(() => setParting(false));
    },
    [sound],
  );

  return { sound, failed, playing, parting, toggle, mix };
}
