/** Hearing a file: what it is by its first bytes, what the service hears in it, and what to do where it cannot. */

import { api, given, type Schema, ServiceError } from "../api/client";
import type { Moment } from "./course";
import { decoded } from "./decoded";

type Analysis = Schema["Analysis"];

/** What is shown of a reading; live there is no kind. */
export interface Told
  extends Pick<Analysis, "emotion" | "names" | "spread" | "seconds" | "kinds" | "scales" | "journey"> {
  kind: Analysis["kind"] | "live";
  timeline: readonly Moment[];
}

/** What was heard: a sound that can be played here, or notes that the service has now as a song. */
export type Heard =
  | { form: "sound"; title: string; sound: Blob; told: Told }
  | { form: "score"; title: string; song: string; told: Told };

export type Form = "sound" | "score" | "unknown";

export const ACCEPTED = ".wav,.aif,.aiff,.flac,.ogg,.opus,.mp3,.m4a,.webm,.mid,.midi,audio/*";
const MINUTES = 15; // of sound, unless the service is told otherwise
const BIGGEST = 60 * 2 ** 20; // bytes that are sent as they are: the service takes 64 MiB unless it is told otherwise
const SIGNS: readonly [at: number, sign: string, form: Form][] = [
  [0, "MThd", "score"],
  [0, "RIFF", "sound"],
  [0, "RF64", "sound"],
  [0, "FORM", "sound"],
  [0, "fLaC", "sound"],
  [0, "OggS", "sound"],
  [0, "ID3", "sound"],
];

/** Something that cannot be heard, in words that say what to do. */
export class UnheardError extends Error {}

/** What a file is by how it begins. */
export function formOf(bytes: Uint8Array): Form {
  const text = String.fromCharCode(...bytes.slice(0, 12));
  const found = SIGNS.find(([at, sign]) => text.startsWith(sign, at));
  if (found !== undefined) return found[2];
  const [first = 0, second = 0] = bytes;
  const layered = (second & 0xe0) === 0xe0 && (second & 0x06) !== 0; // what has no layer is AAC, for the browser to read
  return first === 0xff && layered ? "sound" : "unknown"; // MP3 without a tag
}

/** What is heard in a file. Throws UnheardError; what the signal says where it is aborted. */
export async function heardIn(file: File, signal: AbortSignal): Promise<Heard> {
  if (file.size === 0) throw new UnheardError(`“${file.name}” is empty: choose another file.`);
  try {
    const form = formOf(new Uint8Array(await file.slice(0, 16).arrayBuffer()));
    signal.throwIfAborted();
    return form === "score" ? await scoreIn(file, signal) : await soundIn(file, form, signal);
  } catch (error) {
    if (signal.aborted || error instanceof UnheardError) throw error;
    throw new UnheardError(saidOf(error, file));
  }
}

async function scoreIn(file: File, signal: AbortSignal): Promise<Heard> {
  const body = { file: file as unknown as string }; // the description has bytes as text
  const song = await given(api.POST("/v1/songs/imports", { body, bodySerializer: formed, signal }));
  const params = { path: { name: song.id } };
  const told = await given(api.GET("/v1/songs/{name}/analysis", { params, signal }));
  return { form: "score", title: song.title === "untitled" ? file.name : song.title, song: song.id, told };
}

async function soundIn(file: File, form: Form, signal: AbortSignal): Promise<Heard> {
  let sent: Blob | undefined = file;
  if (form === "unknown" || file.size > BIGGEST) {
    sent = await decoded(file); // the browser may know it, and makes it small
    signal.throwIfAborted();
    if (sent === undefined && form === "unknown") throw new UnheardError(unknown(file));
    if (sent !== undefined && sent.size > BIGGEST) throw new UnheardError(tooLong(file, MINUTES));
  }
  const body = { file: (sent ?? file) as unknown as string };
  const told = await given(api.POST("/v1/analyses", { body, bodySerializer: formed, signal }));
  return { form: "sound", title: file.name, sound: file, told };
}

function formed(body: { file: unknown }): FormData {
  const form = new FormData();
  form.append("file", body.file as Blob, "file"); // its name is nobody's business
  return form;
}

/** Why a file was not heard, and what to do. */
export function saidOf(error: unknown, { name, size }: { name: string; size: number }): string {
  const told = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ServiceError)) return `“${name}” could not be opened: choose it again. (${told})`;
  if (error.status === 413 || (error.status === 0 && size > BIGGEST)) {
    const most = /([\d,]+) bytes/.exec(told)?.[1]?.replaceAll(",", "");
    const room = most === undefined ? "" : ` Kelly takes ${Math.floor(Number(most) / 2 ** 20)} MB at a time.`;
    return `“${name}” is too large.${room} Cut it shorter, or save it as MP3.`;
  }
  if (error.status !== 422) return told;
  const seconds = /may last ([\d.]+) seconds/.exec(told)?.[1];
  if (seconds !== undefined) {
    return tooLong({ name }, Math.round(Number(seconds) / 60));
  }
  if (/must have notes/.test(told)) return `There are no notes in “${name}”: choose another file.`;
  if (/^Cannot read|cut off|not a MIDI|damaged|MIDI/.test(told)) {
    return `“${name}” is damaged, and cannot be read: save or export it again, then try that.`;
  }
  return `“${name}” could not be heard: ${told}`;
}

function tooLong({ name }: { name: string }, minutes: number): string {
  return `“${name}” is too long: Kelly hears up to ${minutes} minutes. Cut it, then try again.`;
}

function unknown({ name }: File): string {
  return `“${name}” is not sound, nor notes: bring WAV, FLAC, Ogg, MP3, AIFF, M4A or MIDI.`;
}
