/** A chart of lines, with its legend, and the same numbers as a table for who would rather read them. */

import { type ReactNode, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useGround } from "../app/theme";
import { type Points, ticks } from "./curves";

export interface Line {
  name: string;
  values: Points;
  /** A custom property of the page's colours, such as --line-1. */
  ink: string;
  dash?: readonly number[];
  /** What is written at its end, so that its colour need not be told apart. */
  mark?: string;
}

interface Props {
  title: string;
  /** What lies along the bottom, and how it is told. */
  along: string;
  at: readonly number[];
  atTold?: (value: number) => string;
  lines: readonly Line[];
  told: (value: number | null | undefined) => string;
  height?: number;
  log?: boolean;
  /** Whether the scale begins at nought. */
  fromNought?: boolean;
  /** The shortest stretch along the bottom; it ends where the lines do. */
  span?: number;
  /** Further switches, beside the one for the table. */
  children?: ReactNode;
}

// Between two ticks along the bottom: epochs, or seconds.
const STEPS = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1000, 5000];

export function Chart(props: Props) {
  const { title, lines, at, told, children } = props;
  const [asTable, setAsTable] = useState(false);
  const [cursor, setCursor] = useState<number>();
  const id = useId();
  return (
    <figure className="chart" aria-labelledby={id}>
      <figcaption>
        <h2 id={id}>{title}</h2>
        <div className="switches">
          {children}
          <button type="button" className="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
            As a table
          </button>
        </div>
      </figcaption>
      {asTable ? (
        <NumberTable {...props} />
      ) : (
        <>
          <Drawing {...props} onCursor={setCursor} />
          <ul className="legend">
            {lines.map((line) => (
              <li key={line.name}>
                <svg width="26" height="10" aria-hidden="true">
                  <line
                    x1="1"
                    x2="25"
                    y1="5"
                    y2="5"
                    stroke={`var(${line.ink})`}
                    strokeDasharray={line.dash?.join(" ")}
                  />
                </svg>
                <span>{line.name}</span>
                <span className="now">
                  {told(
                    cursor === undefined || cursor >= at.length
                      ? line.values.findLast((value) => value !== null)
                      : line.values[cursor],
                  )}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </figure>
  );
}

function NumberTable({ title, along, at, atTold = String, lines, told }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className="scroll tall" aria-label={`${title}, as a table`} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{along}</th>
            {lines.map((line) => (
              <th key={line.name} scope="col" className="number">
                {line.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {at.map((place, row) => (
            <tr key={place}>
              <th scope="row">{atTold(place)}</th>
              {lines.map((line) => (
                <td key={line.name} className="number">
                  {told(line.values[row])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Drawing({
  title,
  along,
  at,
  lines,
  onCursor,
  ...props
}: Props & { onCursor: (at: number | undefined) => void }) {
  const { atTold = String, told, height = 280, log = false, fromNought = false, span = 0 } = props;
  const ground = useGround();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const [width, setWidth] = useState(0);
  const data = useMemo(() => [[...at], ...lines.map((line) => positive(line.values, log))], [at, lines, log]);
  const newest = useRef(data);
  newest.current = data;

  // What is drawn anew only when the lines are others; new points of the same lines are put in.
  const kind = lines.map(({ name, ink, dash, mark }) => [name, ink, dash?.join(","), mark].join("|")).join("\n");
  const drawn = useRef({ lines, atTold, told, onCursor });
  drawn.current = { lines, atTold, told, onCursor };

  useLayoutEffect(() => {
    const here = box.current;
    if (here === null) return;
    const observer = new ResizeObserver(() => setWidth(here.clientWidth));
    observer.observe(here);
    return () => observer.disconnect();
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the kind of the lines stands for them, the ground for colours
  useEffect(() => {
    const here = box.current;
    if (here === null || width === 0) return;
    const ink = (name: string) => inkOf(here, name);
    const font = `12px ${getComputedStyle(here).fontFamily}`;
    const axis = { stroke: ink("--quiet"), font, grid: { stroke: ink("--line"), width: 1 }, ticks: { show: false } };
    const made = new uPlot(
      {
        width,
        height,
        padding: [10, 22, 0, 0],
        legend: { show: false },
        cursor: { drag: { x: false, y: false }, points: { size: 7 } },
        scales: {
          x: { time: false, range: (_, least, most) => stretch(least, most, span) },
          y: { distr: log ? 3 : 1, range: (_, least, most) => rangeOf(least, most, log, fromNought) },
        },
        axes: [
          {
            ...axis,
            label: along,
            labelFont: font,
            labelSize: 18,
            size: 30,
            grid: { show: false },
            values: (_, all) => all.map((one) => drawn.current.atTold(one)),
            incrs: STEPS,
            space: 72,
          },
          {
            ...axis,
            size: 58,
            values: (_, all) => all.map(round),
            ...(log ? { splits: (_, __, least, most) => ticks(least, most), filter: (_, all) => all } : {}),
          },
        ],
        series: [
          {},
          ...lines.map((line) => ({
            stroke: ink(line.ink),
            width: line.dash === undefined ? 2 : 1.5,
            ...(line.dash === undefined ? {} : { dash: [...line.dash] }),
            points: { show: newest.current[0] !== undefined && newest.current[0].length < 2, size: 6 },
          })),
        ],
        hooks: {
          setCursor: [(self) => drawn.current.onCursor(self.cursor.idx ?? undefined)],
          draw: [(self) => marked(self, drawn.current.lines, ink, font)],
        },
      },
      newest.current as uPlot.AlignedData,
      here,
    );
    plot.current = made;
    return () => {
      plot.current = undefined;
      made.destroy();
    };
  }, [kind, width, height, log, fromNought, span, along, ground, at.length < 2]);

  useEffect(() => plot.current?.setData(data as uPlot.AlignedData), [data]);

  return (
    <div
      ref={box}
      className="drawing"
      role="img"
      aria-label={`${title}. ${inWords(lines, at, atTold, told, along)}`}
      style={{ height }}
    />
  );
}

/** The stretch along the bottom. */
function stretch(least: number | null, most: number | null, span: number): [number, number] {
  if (least === null || most === null) return [0, 1];
  if (most - least < span) return [most - span, most];
  return most > least ? [least, most] : [least - 0.5, least + 0.5];
}

/** A tick of the scale, as short as may be. */
function round(value: number | null): string {
  return value === null ? "" : String(Number(value.toPrecision(3)));
}

/** A chart in a sentence: where each line begins and ends. */
function inWords(
  lines: readonly Line[],
  at: readonly number[],
  atTold: (value: number) => string,
  told: Props["told"],
  along: string,
): string {
  const ends = lines.flatMap(({ name, values }) => {
    const first = values.findIndex((value) => value !== null);
    if (first < 0) return [];
    const last = values.findLastIndex((value) => value !== null);
    return [`${name}: ${told(values[first])} at first, ${told(values[last])} at ${along} ${atTold(at[last] ?? 0)}`];
  });
  return ends.length === 0 ? "Nothing yet." : `${ends.join("; ")}.`;
}

/** A logarithm has no place for nought. */
function positive(values: Points, log: boolean): Points {
  return log ? values.map((value) => (value !== null && value > 0 ? value : null)) : values;
}

function rangeOf(least: number | null, most: number | null, log: boolean, fromNought: boolean): [number, number] {
  if (least === null || most === null) return log ? [0.1, 1] : [0, 1];
  if (log) return [least / 1.05, most * 1.05];
  const room = (most - least) * 0.06 || Math.abs(most) * 0.1 || 0.5;
  return fromNought ? [0, most === 0 ? 1 : most + room] : [least - room, most + room];
}

/** The marks of lines at their ends, moved apart where they would lie on each other. */
function marked(plot: uPlot, lines: readonly Line[], ink: (name: string) => string, font: string): void {
  const sharp = window.devicePixelRatio;
  const ends = lines.flatMap((line, place) => {
    const values = plot.data[place + 1] ?? [];
    const last = values.findLastIndex((value) => value !== null && value !== undefined);
    if (line.mark === undefined || last < 0) return [];
    const x = plot.valToPos(plot.data[0][last] ?? 0, "x", true);
    return [{ mark: line.mark, ink: line.ink, x, y: plot.valToPos(values[last] ?? 0, "y", true) }];
  });
  ends.sort((one, other) => one.y - other.y);
  plot.ctx.save();
  plot.ctx.font = font.replace(/^\d+px/, `600 ${12 * sharp}px`);
  plot.ctx.textBaseline = "middle";
  plot.ctx.textAlign = "left";
  let below = Number.NEGATIVE_INFINITY;
  for (const end of ends) {
    const y = Math.max(end.y, below);
    below = y + 13 * sharp;
    plot.ctx.fillStyle = ink(end.ink);
    plot.ctx.fillText(end.mark, end.x + 7 * sharp, y);
  }
  plot.ctx.restore();
}

/** A colour of the page as a canvas takes it: as it is, and not by the name of a property. */
function inkOf(element: HTMLElement, name: string): string {
  const before = element.style.color;
  element.style.color = `var(${name})`;
  const told = getComputedStyle(element).color;
  element.style.color = before;
  return told;
}
