/**
 * Calibration: whether a model is as sure as it is right, read out of the tables of its card.
 *
 * A card may tell it in four ways, and nothing is made up that it does not tell:
 * - reliability: a table whose head has, once or several times, `confidence, NAME | right | records`;
 * - intervals: rows `NAME: gold inside the 80 % interval` with a share for each axis;
 * - sureness: a table `mean error by confidence`, from the least sure fifth to the surest;
 * - errors: rows `ECE of WHAT, NAME; NAME` with as many numbers, and what a perfect model of this size would get.
 */

import { type Table, tables } from "./card";

export interface Reliability {
  kind: "reliability";
  title: string;
  series: readonly { name: string; points: readonly Point[] }[];
}

interface Point {
  confidence: number;
  right: number;
  count: number;
}

export interface Intervals {
  kind: "intervals";
  /** The share that should lie inside. */
  aim: number;
  rows: readonly { name: string; shares: readonly { axis: string; share: number }[] }[];
}

export interface Sureness {
  kind: "sureness";
  rows: readonly { name: string; errors: readonly number[] }[];
}

export interface Errors {
  kind: "errors";
  rows: readonly { name: string; told: readonly { name: string; value: number }[]; perfect: Perfect | undefined }[];
}

interface Perfect {
  mean: number;
  limit: number;
}

export type Diagram = Reliability | Intervals | Sureness | Errors;

const INSIDE = /^(.*): .*inside the (\d+) % interval/;
const ECE = /^ECE(?: of ([^,]+))?, (.+)$/;
const CHANCE = /\((?:a perfect model of this size: )?(\d*\.\d+), (?:95 % below )?(\d*\.\d+)\)/;

/** The diagrams that the tables of a card make. */
export function diagrams(card: string): Diagram[] {
  const all = tables(card);
  const rest = [intervals(all), sureness(all), errors(all)];
  return [...all.flatMap(reliability), ...rest.filter((one) => one !== undefined)];
}

function reliability({ head, rows }: Table): Reliability[] {
  const starts = head.flatMap((name, column) => (/^confidence\b/i.test(name) ? [column] : []));
  const whole = starts.filter((column) => /^(right|accuracy)\b/i.test(head[column + 1] ?? ""));
  if (whole.length === 0) return [];
  const series = whole.map((column) => ({
    name: (head[column] ?? "").replace(/^confidence,?\s*/i, ""),
    points: rows
      .map((row) => [number(row[column]), number(row[column + 1]), number(row[column + 2])])
      .filter((three): three is [number, number, number] => three.every((one) => one !== undefined))
      .map(([confidence, right, count]) => ({ confidence, right, count }))
      .filter((point) => point.count > 0),
  }));
  return [{ kind: "reliability", title: whole[0] === 0 ? "" : (head[0] ?? ""), series }];
}

function intervals(all: readonly Table[]): Intervals | undefined {
  let aim = 0;
  const rows = all.flatMap(({ head, rows }) =>
    rows.flatMap((row) => {
      const found = INSIDE.exec(row[0] ?? "");
      if (found === null) return [];
      aim = Number(found[2]) / 100;
      const shares = head.slice(1).map((axis, place) => ({ axis, share: number(row[place + 1]) }));
      return [{ name: found[1] ?? "", shares: shares.filter((one) => one.share !== undefined) }];
    }),
  );
  if (rows.length === 0) return undefined;
  return { kind: "intervals", aim, rows } as Intervals;
}

function sureness(all: readonly Table[]): Sureness | undefined {
  const table = all.find(({ head }) => /^mean error by confidence/.test(head[0] ?? ""));
  if (table === undefined) return undefined;
  const rows = table.rows.map(([name = "", ...cells]) => ({
    name,
    errors: cells.map(number).filter((one) => one !== undefined),
  }));
  return { kind: "sureness", rows };
}

function errors(all: readonly Table[]): Errors | undefined {
  const rows = all.flatMap(({ rows }) =>
    rows.flatMap((row) => {
      const found = ECE.exec(row[0] ?? "");
      if (found === null) return [];
      const names = (found[2] ?? "").split(";");
      const cell = row.slice(1).find((one) => /^\d*\.\d/.test(one)) ?? "";
      const values = cell.replace(/\(.*/, "").split(";").map(number);
      const told = names.map((name, place) => ({ name: name.trim(), value: values[place] }));
      const chance = CHANCE.exec(row.join(" "));
      const perfect = chance === null ? undefined : { mean: Number(chance[1]), limit: Number(chance[2]) };
      return [{ name: found[1] ?? "", told: told.filter((one) => one.value !== undefined), perfect }];
    }),
  );
  return rows.length === 0 ? undefined : ({ kind: "errors", rows } as Errors);
}

function number(cell: string | undefined): number | undefined {
  const text = (cell ?? "").replace(/[,%\s]/g, "");
  const found = text === "" ? Number.NaN : Number(text);
  return Number.isFinite(found) ? found : undefined;
}
