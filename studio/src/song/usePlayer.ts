/** The player of a song, loaded as soon as the song is shown. */

import { useCallback, useEffect, useState } from "react";
import type { Player } from "./player";

export interface Playing {
  player: Player | undefined;
  loading: boolean;
  failed: string | undefined;
  playing: boolean;
  toggle: () => void;
}

export function usePlayer(song: string): Playing {
  const [player, setPlayer] = useState<Player>();
  const [failed, setFailed] = useState<string>();
  const [playing, setPlaying] = useState(false);

  useEffect(() => {
    const control = new AbortController();
    let loaded: Player | undefined;
    setPlayer(undefined);
    setFailed(undefined);
    setPlaying(false);
    import("./player") // which brings what plays along: the page need not wait for it
      .then(({ Player }) => Player.of(song, control.signal))
      .then((one) => {
        loaded = one;
        if (control.signal.aborted) one.dispose();
        else setPlayer(one);
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
    if (!playing || player === undefined) return;
    const timer = setInterval(() => {
      if (player.second < player.seconds) return;
      player.pause();
      player.seek(0);
      setPlaying(false);
    }, 100);
    return () => clearInterval(timer);
  }, [player, playing]);

  const toggle = useCallback(() => {
    if (player === undefined) return;
    if (player.playing) player.pause();
    else void player.play().catch((error: Error) => setFailed(error.message));
    setPlaying(!player.playing);
  }, [player]);

  return { player, loading: player === undefined && failed === undefined, failed, playing, toggle };
}
