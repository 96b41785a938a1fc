/**
 * What sounds: the whole song as soon as it is rendered, and each part by itself from when somebody asks for that.
 */

import { fetched } from "../api/client";
import type { Stems } from "./stems";

const NEAR = 0.05; // seconds by which a seek may end elsewhere than it was asked to

export class Sound {
  readonly #song: string;
  readonly #whole: Blob;
  readonly #audio: HTMLAudioElement;
  readonly #control = new AbortController();
  #stems: Stems | undefined;
  #to: number | undefined; // where it is being moved
  #parting: Promise<Stems> | undefined;

  private constructor(song: string, whole: Blob, audio: HTMLAudioElement) {
    this.#song = song;
    this.#whole = whole;
    this.#audio = audio;
    audio.onseeked = () => {
      const to = this.#to;
      if (to === undefined || Math.abs(to - audio.currentTime) < NEAR) this.#to = undefined;
      else audio.currentTime = to;
    };
  }

  /** The sound of a song, once it is rendered. Throws ServiceError. */
  static async of(song: string, signal: AbortSignal): Promise<Sound> {
    const answer = await fetched(`/v1/songs/${song}.wav`, signal);
    const whole = await answer.blob();
    const audio = new Audio(URL.createObjectURL(whole));
    const sound = new Sound(song, whole, audio);
    await new Promise((resolve, reject) => {
      audio.onloadedmetadata = resolve;
      audio.onerror = () => {
        sound.dispose();
        reject(new Error("This browser cannot play the sound. Download the WAV file instead."));
      };
    });
    return sound;
  }

  get seconds(): number {
    return this.#audio.duration;
  }

  get second(): number {
    return this.#stems?.second ?? this.#to ?? this.#audio.currentTime;
  }

  get playing(): boolean {
    return this.#stems?.playing ?? !this.#audio.paused;
  }

  /** Play from where it is; from the beginning where it has ended. */
  async play(): Promise<void> {
    if (this.second >= this.seconds) this.seek(0);
    await (this.#stems ?? this.#audio).play();
  }

  pause(): void {
    (this.#stems ?? this.#audio).pause();
  }

  seek(second: number): void {
    const to = Math.min(this.seconds, Math.max(0, second));
    if (this.#stems === undefined) this.#sought(to);
    else this.#stems.seek(to);
  }

  /** Seeks go one after another: Chromium can get stuck in one that is overtaken by the next. */
  #sought(to: number): void {
    this.#to = to;
    if (this.#audio.seeking) return;
    this.#audio.currentTime = to;
  }

  /** Whether each part's sound is there by itself. */
  get parted(): boolean {
    return this.#stems !== undefined;
  }

  /** Each part's sound by itself: loaded when it is first asked for, and played on from where the whole is. */
  parts(): Promise<Stems> {
    this.#parting ??= this.#parted().catch((error: Error) => {
      this.#parting = undefined; // whoever asks again may be luckier
      throw error;
    });
    return this.#parting;
  }

  async #parted(): Promise<Stems> {
    const { Stems } = await import("./stems"); // which brings what plays along: most never need it
    const stems = await Stems.of(this.#song, this.#whole, this.#control.signal);
    const playing = this.playing;
    this.#audio.pause();
    stems.seek(this.#to ?? this.#audio.currentTime);
    this.#stems = stems;
    if (playing) await stems.play();
    return stems;
  }

  dispose(): void {
    this.#control.abort();
    this.#stems?.dispose();
    this.#audio.pause();
    URL.revokeObjectURL(this.#audio.src);
  }
}
