/** Settings as they are written in a form, a line each: `recipe.epochs: 10`; and where a refusal belongs in it. */

import type { Schema } from "../api/client";

export type Settings = Schema["TrainingQuestion"]["settings"];
type Value = Settings[string];

const LINE = /^([A-Za-z_][\w-]*)(?:\.([A-Za-z_][\w-]*))?\s*:\s*(.*)$/;

/** What was written wrong, as a sentence. */
export class UnreadableError extends Error {}

/** The settings of a text. Throws UnreadableError, which names the line. */
export function settingsOf(text: string): Settings {
  const told: Settings = {};
  for (const [place, written] of text.split("\n").entries()) {
    const line = written.trim();
    if (line === "" || line.startsWith("#")) continue;
    const found = LINE.exec(line);
    if (found === null) throw new UnreadableError(`Line ${place + 1} is no setting: write it as recipe.epochs: 10.`);
    const [, name = "", inner, value = ""] = found;
    if (inner === undefined) told[name] = read(value);
    else told[name] = { ...within(told[name], place), [inner]: read(value) as Exclude<Value, object> };
  }
  return told;
}

function within(there: Value | undefined, place: number) {
  if (there === undefined) return {};
  if (typeof there === "object" && there !== null && !Array.isArray(there)) return there;
  throw new UnreadableError(`Line ${place + 1} gives a part of a setting that a line before it gives whole.`);
}

function read(text: string): Exclude<Value, Record<string, unknown>> {
  const list = /^\[(.*)\]$/.exec(text);
  if (list !== null) return (list[1] ?? "").split(",").flatMap((one) => (one.trim() === "" ? [] : [single(one)]));
  return single(text);
}

function single(text: string): boolean | number | string | null {
  const plain = text.trim();
  if (/^(yes|true)$/i.test(plain)) return true;
  if (/^(no|false)$/i.test(plain)) return false;
  if (plain === "" || /^(null|none)$/i.test(plain)) return null;
  const number = Number(plain);
  return Number.isNaN(number) ? plain.replace(/^(["'])(.*)\1$/, "$2") : number;
}

/** The field that a refusal speaks of: its first word, or where it points to. */
export function fieldOf<Name extends string>(message: string, fields: readonly Name[]): Name | undefined {
  const word = /^(?:\/body\/)?([a-z]+)/i.exec(message)?.[1]?.toLowerCase();
  return fields.find((one) => one === word);
}

/** A refusal without the pointer that it begins with. */
export function plainly(message: string): string {
  const [, name, rest] = /^\/body\/([a-z]+)[^:]*: (.*)$/is.exec(message) ?? [];
  if (name === undefined || rest === undefined) return message;
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}: ${rest.charAt(0).toLowerCase()}${rest.slice(1)}`;
}
