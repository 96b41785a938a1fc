/**
 * Each part's sound by itself, on one transport: what a part is muted, soloed or turned down by.
 *
 * Stems are the service's rendering before it is mastered; a gain brings their sum to the loudness of the whole, and a
 * limiter keeps it within range, so that a part that is muted leaves all others as they were. What is silent is not
 * kept: a part that plays now and then would else take as much memory as one that always does.
 */

import { Unzip } from "fflate";
import * as Tone from "tone";
import { fetched } from "../api/client";

const QUIET = 1e-4; // of full scale: what nobody hears
const BLOCK = 1024; // frames that are looked at together
const PIECE = 2_000_000; // frames that are copied at a time
const SPARSE = 17; // frames of which one is enough to tell how loud all are
const PAUSE = 1; // seconds of silence that are worth leaving out

interface Voice {
  channel: Tone.Channel;
  players: readonly Tone.Player[];
}

export class Stems {
  readonly #voices: readonly Voice[];
  readonly #sum: Tone.Gain;
  readonly #end: Tone.Limiter;
  #playing = false;

  private constructor(voices: readonly Voice[], sum: Tone.Gain, end: Tone.Limiter) {
    this.#voices = voices;
    this.#sum = sum;
    this.#end = end;
  }

  /** The stems of a song, once all are there, as loud together as its whole sound is. Throws ServiceError. */
  static async of(song: string, whole: Blob, signal: AbortSignal): Promise<Stems> {
    const answer = await fetched(`/v1/songs/${song}/stems.zip`, signal);
    const context = Tone.getContext();
    const mixed = power(await context.decodeAudioData(await whole.arrayBuffer()));
    const cuts: [number, AudioBuffer][][] = [];
    let apart = 0;
    for await (const bytes of files(answer)) {
      const buffer = await context.decodeAudioData(bytes.buffer);
      signal.throwIfAborted();
      apart += power(buffer);
      cuts.push(await cut(buffer));
      await breath();
    }
    // Only now does anything join the transport, which all songs share: what is given up halfway leaves nothing there.
    const end = new Tone.Limiter(-1).toDestination();
    const sum = new Tone.Gain(apart > 0 ? Math.sqrt(mixed / apart) : 1).connect(end);
    const voices = cuts.map((stretches) => {
      const channel = new Tone.Channel().connect(sum);
      return { channel, players: stretches.map(([at, one]) => player(one, at).connect(channel)) };
    });
    return new Stems(voices, sum, end);
  }

  /** How loud a part is: decibels, and whether it is silent. Parts are those that have notes, in their order. */
  set(part: number, decibels: number, silent: boolean): void {
    const channel = this.#voices[part]?.channel;
    if (channel === undefined) return;
    channel.volume.value = decibels;
    channel.mute = silent;
  }

  get second(): number {
    return Tone.getTransport().seconds;
  }

  get playing(): boolean {
    return this.#playing;
  }

  async play(): Promise<void> {
    this.#playing = true;
    await Tone.start();
    if (this.#playing) Tone.getTransport().start();
  }

  pause(): void {
    this.#playing = false;
    Tone.getTransport().pause();
  }

  seek(second: number): void {
    Tone.getTransport().seconds = second;
  }

  /** Forget all that was loaded. The transport stands at the beginning then. */
  dispose(): void {
    this.#playing = false;
    Tone.getTransport().stop();
    for (const { players, channel } of this.#voices) {
      for (const one of players) one.dispose();
      channel.dispose();
    }
    this.#sum.dispose();
    this.#end.dispose();
  }
}

function player(buffer: AudioBuffer, at: number): Tone.Player {
  return new Tone.Player(buffer).sync().start(at);
}

/** What sounds of a buffer, each with the second at which it begins. */
async function cut(buffer: AudioBuffer): Promise<[number, AudioBuffer][]> {
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, at) => buffer.getChannelData(at));
  const stretches = sounding(channels, buffer.sampleRate);
  const found: [number, AudioBuffer][] = [];
  for (const [first, last] of stretches) {
    await breath();
    const length = last - first;
    const one = new AudioBuffer({ length, numberOfChannels: channels.length, sampleRate: buffer.sampleRate });
    for (const [at, samples] of channels.entries()) {
      for (let begin = first; begin < last; begin += PIECE) {
        one.copyToChannel(samples.subarray(begin, Math.min(last, begin + PIECE)), at, begin - first);
        await breath();
      }
    }
    found.push([first / buffer.sampleRate, one]);
  }
  return found;
}

/** The files of an archive one after another, as they come: all at once they would take twice the memory. */
async function* files(answer: Response): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const whole: Uint8Array<ArrayBuffer>[] = [];
  const unzip = new Unzip((file) => {
    const pieces: Uint8Array[] = [];
    file.ondata = (error, piece, last) => {
      if (error !== null) throw error;
      pieces.push(piece);
      if (last) whole.push(joined(pieces));
    };
    file.start();
  });
  const reader = (answer.body as ReadableStream<Uint8Array<ArrayBuffer>>).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    unzip.push(value ?? new Uint8Array(0), done);
    for (let file = whole.shift(); file !== undefined; file = whole.shift()) yield file;
    if (done) return;
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** Let the page do what else there is to do. */
function breath(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** The frames, from first to last (excluded), in which anything sounds; short silences stand within them. */
export function sounding(channels: readonly Float32Array[], rate: number): [number, number][] {
  const frames = channels[0]?.length ?? 0;
  const found: [number, number][] = [];
  for (let first = 0; first < frames; first += BLOCK) {
    const last = Math.min(frames, first + BLOCK);
    if (!channels.some((samples) => loud(samples, first, last))) continue;
    const before = found.at(-1);
    if (before !== undefined && first - before[1] < PAUSE * rate) before[1] = last;
    else found.push([first, last]);
  }
  return found;
}

function loud(samples: Float32Array, first: number, last: number): boolean {
  for (let at = first; at < last; at++) if (Math.abs(samples[at] as number) > QUIET) return true;
  return false;
}

/** The power of a buffer, summed over some of its frames: all would hold the page up. */
function power(buffer: AudioBuffer): number {
  let sum = 0;
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    const samples = buffer.getChannelData(channel);
    for (let at = 0; at < samples.length; at += SPARSE) sum += (samples[at] as number) ** 2;
  }
  return sum;
}
