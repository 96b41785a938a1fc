/** What stands in the card of a model: its tables, as rows of plain text, and the measures that they tell. */

import { lexer, type Token, type Tokens } from "marked";

export interface Table {
  head: readonly string[];
  rows: readonly (readonly string[])[];
}

/** A measure of a card: what it is called, and each number with the head of its column. */
export interface Measure {
  name: string;
  told: readonly { of: string; value: string }[];
}

const NUMBER = /^[+-]?\d*\.?\d/;
const COUNTS = new Set(["items", "records", "clips", "words", "files", "songs"]);

/** The tables of a card, in order. */
export function tables(card: string): Table[] {
  return lexer(card)
    .filter((token): token is Tokens.Table => token.type === "table")
    .map((table) => ({
      head: table.header.map((cell) => plain(cell.text)),
      rows: table.rows.map((row) => row.map((cell) => plain(cell.text))),
    }));
}

/** Text without the marks of Markdown. */
export function plain(text: string): string {
  return text
    .replace(/[*`]/g, "")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .trim();
}

/** The measures of a card, row by row of those tables that hold numbers. */
export function measuresOf(card: string): Measure[] {
  return tables(card).flatMap(({ head, rows }) => {
    const numeric = head.map((_, column) => isNumeric(rows.map((row) => row[column] ?? "")));
    const counts = head.map((name) => COUNTS.has(name.toLowerCase()));
    const first = numeric.findIndex((is, column) => is && !counts[column]);
    if (first <= 0) return [];
    return rows.map((row) => {
      const name = row.filter((cell, column) => column < first && !numeric[column] && !counts[column] && cell !== "");
      const told = row.slice(first).map((value, place) => ({ of: head[first + place] ?? "", value }));
      return { name: name.join(", "), told: told.filter((one) => one.value !== "") };
    });
  });
}

function isNumeric(cells: readonly string[]): boolean {
  const filled = cells.filter((cell) => cell !== "");
  return filled.length > 0 && filled.filter((cell) => NUMBER.test(cell)).length > filled.length / 2;
}

/** The measures that two cards have in common, by their names but for signs and what stands in brackets. */
export function shared(one: string, other: string): [Measure, Measure][] {
  const others = new Map(measuresOf(other).map((measure) => [bare(measure.name), measure]));
  return measuresOf(one).flatMap((measure): [Measure, Measure][] => {
    const twin = others.get(bare(measure.name));
    return twin === undefined || bare(measure.name) === "" ? [] : [[measure, twin]];
  });
}

function bare(name: string): string {
  return name
    .toLowerCase()
    .replace(/\([^)]*\)/g, "")
    .replace(/\bof\b|[^\p{L}\p{N}]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** Where a link of a card leads: to another card, into the world, or, from a page, nowhere. */
export function leads(href: string): { card: string } | { world: string } | undefined {
  const other = /^\.\.\/([a-z]{1,32})\/card\.md$/.exec(href);
  if (other?.[1] !== undefined) return { card: other[1] };
  return /^https?:\/\//i.test(href) ? { world: href } : undefined;
}

/** The tokens of a card. */
export function tokens(card: string): Token[] {
  return lexer(card);
}
