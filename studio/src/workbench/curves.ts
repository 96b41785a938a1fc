/** Curves of runs: losses by epoch, brought to one row of epochs; and what their settings have in common. */

import type { Schema } from "../api/client";

export type Run = Schema["RunView"];
export type Epoch = Schema["Epoch"];
export type Points = (number | null)[];

/** The measures that runs have beside their losses. */
export function measures(curves: readonly (readonly Epoch[])[]): string[] {
  const names = curves.flat().flatMap((epoch) => Object.keys(epoch));
  return [...new Set(names)].filter((name) => !["epoch", "loss", "dev_loss"].includes(name)).sort();
}

/** All epochs that any of the curves has, in order. */
export function epochs(curves: readonly (readonly Epoch[])[]): number[] {
  return [...new Set(curves.flat().map((one) => one.epoch))].sort((one, other) => one - other);
}

/** A measure of a curve at each of these epochs; nothing where it has none. */
export function along(curve: readonly Epoch[], name: string, at: readonly number[]): Points {
  const told = new Map(curve.map((one) => [one.epoch, one[name]]));
  return at.map((epoch) => {
    const value = told.get(epoch);
    return typeof value === "number" ? value : null;
  });
}

/** Settings as one level: recipe.epochs, each as text. */
export function flat(settings: Readonly<Record<string, unknown>>, before = ""): [string, string][] {
  return Object.entries(settings).flatMap(([name, value]): [string, string][] =>
    isObject(value) && Object.keys(value).length > 0
      ? flat(value, `${before}${name}.`)
      : [[before + name, text(value)]],
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  if (typeof value === "string") return value === "" ? "–" : value;
  if (Array.isArray(value)) return value.length === 0 ? "–" : value.map(text).join(", ");
  if (value === true || value === false) return value ? "yes" : "no";
  return value === null || isObject(value) ? "–" : String(value);
}

export interface Setting {
  name: string;
  /** One a run; undefined where it has no such setting. */
  values: readonly (string | undefined)[];
  differs: boolean;
}

/** The settings of runs beside each other, by name. */
export function beside(all: readonly (Readonly<Record<string, unknown>> | null)[]): Setting[] {
  const told = all.map((settings) => new Map(flat(settings ?? {})));
  const names = [...new Set(told.flatMap((one) => [...one.keys()]))].sort();
  return names.map((name) => {
    const values = told.map((one) => one.get(name));
    return { name, values, differs: new Set(values).size > 1 };
  });
}

/** Places for the ticks of a logarithmic axis: 1, 2 and 5 of each power of ten, or finer where it spans little. */
export function ticks(least: number, most: number): number[] {
  for (const marks of [[1], [1, 2, 5], [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9]]) {
    const powers = range(Math.floor(Math.log10(least)), Math.ceil(Math.log10(most)));
    const found = powers.flatMap((power) => marks.map((mark) => mark * 10 ** power));
    const within = found.filter((place) => place >= least && place <= most);
    if (within.length >= 3) return within;
  }
  return range(0, 4).map((step) => least * (most / least) ** (step / 4));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, step) => from + step);
}
