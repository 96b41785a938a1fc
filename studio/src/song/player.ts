/**
 * What sounds: the stems of a song, started together on one transport, each through a channel of its own.
 *
 * The stems are the service's rendering before it is mastered; a limiter keeps their sum within range, so that a part
 * that is muted leaves all others as they were.
 */

import { unzipSync } from "fflate";
import * as Tone from "tone";
import { refused } from "../api/client";

export interface Voice {
  name: string;
  channel: Tone.Channel;
  player: Tone.Player;
}

export class Player {
  readonly voices: readonly Voice[];
  readonly seconds: number;
  readonly #end: Tone.Limiter;

  private constructor(voices: readonly Voice[], end: Tone.Limiter) {
    this.voices = voices;
    this.#end = end;
    this.seconds = Math.max(0, ...voices.map(({ player }) => player.buffer.duration));
  }

  /** The player of a song, once all its stems are there. Throws ServiceError. */
  static async of(song: string, signal: AbortSignal): Promise<Player> {
    const answer = await fetch(`/v1/songs/${song}/stems.zip`, { signal });
    if (!answer.ok) throw refused(await answer.json().catch(() => undefined), answer);
    const files = Object.entries(unzipSync(new Uint8Array(await answer.arrayBuffer())));
    const context = Tone.getContext();
    const buffers = await Promise.all(files.map(([, bytes]) => context.decodeAudioData(bytes.slice().buffer)));
    signal.throwIfAborted();
    const end = new Tone.Limiter(-1).toDestination();
    const voices = files.map(([file], at) => {
      const channel = new Tone.Channel().connect(end);
      const player = new Tone.Player(buffers[at] as AudioBuffer).connect(channel).sync().start(0);
      return { name: file.replace(/\.wav$/, ""), channel, player };
    });
    return new Player(voices, end);
  }

  get second(): number {
    return Tone.getTransport().seconds;
  }

  get playing(): boolean {
    return Tone.getTransport().state === "started";
  }

  /** Play from where it is; from the beginning where it has ended. */
  async play(): Promise<void> {
    await Tone.start();
    if (this.second >= this.seconds) this.seek(0);
    Tone.getTransport().start();
  }

  pause(): void {
    Tone.getTransport().pause();
  }

  seek(second: number): void {
    Tone.getTransport().seconds = Math.min(this.seconds, Math.max(0, second));
  }

  /** Forget all that was loaded. The transport stands at the beginning then. */
  dispose(): void {
    Tone.getTransport().stop();
    for (const { player, channel } of this.voices) {
      player.dispose();
      channel.dispose();
    }
    this.#end.dispose();
  }
}
