/** Diagrams of calibration, drawn from the tables of a card; the numbers stand there, the drawings show them. */

import { useMemo } from "react";
import { type Diagram, diagrams, type Errors, type Intervals, type Reliability, type Sureness } from "./calibration";

const WIDTH = 340;
const SIDE = 300; // of the square of a reliability diagram
const LEFT = 42;
const LINE = 20; // height of a line of dots

export function Diagrams({ card }: { card: string }) {
  const found = useMemo(() => diagrams(card), [card]);
  if (found.length === 0) return <p className="quiet">Its card has no table of its calibration.</p>;
  return (
    <section className="diagrams" aria-label="Calibration">
      <h2>Is it as sure as it is right?</h2>
      <div className="row">
        {found.map((one, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a card does not change
          <Drawn key={at} diagram={one} />
        ))}
      </div>
    </section>
  );
}

function Drawn({ diagram }: { diagram: Diagram }) {
  switch (diagram.kind) {
    case "reliability":
      return <ReliabilityDrawn {...diagram} />;
    case "intervals":
      return <IntervalsDrawn {...diagram} />;
    case "sureness":
      return <SurenessDrawn {...diagram} />;
    case "errors":
      return <ErrorsDrawn {...diagram} />;
  }
}

/** How often it is right by how sure it is; on the diagonal it is as right as it says. Areas are counts. */
function ReliabilityDrawn({ title, series }: Reliability) {
  const x = (share: number) => LEFT + share * (SIDE - LEFT - 12);
  const y = (share: number) => SIDE - LEFT - share * (SIDE - LEFT - 12);
  const all = Math.max(1, ...series.map((one) => one.points.reduce((sum, point) => sum + point.count, 0)));
  return (
    <figure>
      <figcaption>{title === "" ? "Right, by how sure it is" : title}</figcaption>
      <svg viewBox={`0 0 ${SIDE} ${SIDE}`} role="img" aria-label={`${title}. ${series.map(spoken).join(". ")}`}>
        {[0, 0.5, 1].map((share) => (
          <g key={share}>
            <line className="grid" x1={x(0)} x2={x(1)} y1={y(share)} y2={y(share)} />
            <text x={x(0) - 6} y={y(share) + 4} textAnchor="end">
              {share}
            </text>
            <text x={x(share)} y={SIDE - LEFT + 16} textAnchor="middle">
              {share}
            </text>
          </g>
        ))}
        <line className="aim" x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} />
        {series.map((one, at) => (
          <g key={one.name} style={{ color: `var(--line-${at + 1})` }}>
            <polyline
              points={one.points.map((point) => `${x(point.confidence)},${y(point.right)}`).join(" ")}
              strokeDasharray={at === 0 ? undefined : "4 3"}
            />
            {one.points.map((point) => {
              const r = 2 + 11 * Math.sqrt(point.count / all);
              const [cx, cy] = [x(point.confidence), y(point.right)];
              return at === 0 ? (
                <circle key={point.confidence} cx={cx} cy={cy} r={r} />
              ) : (
                <path key={point.confidence} d={`M${cx} ${cy - r}l${r} ${r}l${-r} ${r}l${-r} ${-r}z`} />
              );
            })}
          </g>
        ))}
        <text x={x(0.5)} y={SIDE - 2} textAnchor="middle">
          how sure it is
        </text>
        <text x={9} y={y(0.5)} textAnchor="middle" transform={`rotate(-90 9 ${y(0.5)})`}>
          how often it is right
        </text>
      </svg>
      <ul className="legend">
        {series.map((one, at) => (
          <li key={one.name}>
            <span aria-hidden="true" style={{ color: `var(--line-${at + 1})` }}>
              {at === 0 ? "●" : "◆"}
            </span>
            {one.name === "" ? "as it comes" : one.name}
          </li>
        ))}
        <li>
          <span aria-hidden="true" className="quiet">
            ╱
          </span>
          as right as it says; areas are counts
        </li>
      </ul>
    </figure>
  );
}

function spoken({ name, points }: Reliability["series"][number]): string {
  const told = points.map((point) => `sure ${point.confidence.toFixed(2)}, right ${point.right.toFixed(2)}`);
  return `${name}: ${told.join("; ")}`;
}

/** How much of the truth lies inside the stated intervals, by axis, beside what should. */
function IntervalsDrawn({ aim, rows }: Intervals) {
  const least = Math.min(0.6, ...rows.flatMap((row) => row.shares.map((one) => one.share)));
  const x = (share: number) => 76 + ((share - least) / (1 - least)) * (WIDTH - 76 - 44);
  const tops = rows.map((_, at) => rows.slice(0, at).reduce((sum, row) => sum + 26 + LINE * row.shares.length, 0));
  const last = rows.at(-1);
  const height = (tops.at(-1) ?? 0) + 26 + LINE * (last?.shares.length ?? 0) + 16;
  const told = rows.map((row) => `${row.name}: ${row.shares.map((one) => `${one.axis} ${one.share}`).join(", ")}`);
  return (
    <figure>
      <figcaption>{`Truth inside its ${Math.round(100 * aim)} % interval`}</figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={`Aimed at ${aim}. ${told.join(". ")}`}>
        <line className="aim" x1={x(aim)} x2={x(aim)} y1={18} y2={height - 18} />
        <text x={x(aim)} y={height - 4} textAnchor="middle">
          {`${aim} aimed at`}
        </text>
        {rows.map((row, at) => (
          <g key={row.name} transform={`translate(0 ${tops[at]})`}>
            <text x={0} y={13} className="name">
              {row.name}
            </text>
            {row.shares.map(({ axis, share }, place) => {
              const y = 28 + LINE * place;
              return (
                <g key={axis}>
                  <text x={0} y={y + 4}>
                    {axis}
                  </text>
                  <line className="grid" x1={x(least)} x2={x(1)} y1={y} y2={y} />
                  <line className="off" x1={x(aim)} x2={x(share)} y1={y} y2={y} />
                  <circle cx={x(share)} cy={y} r={5} />
                  <text className="value" x={WIDTH} y={y + 4} textAnchor="end">
                    {share.toFixed(3)}
                  </text>
                </g>
              );
            })}
          </g>
        ))}
      </svg>
    </figure>
  );
}

/** Heights, moved down where two would lie on each other. */
function apart(heights: readonly number[]): number[] {
  const told = [...heights];
  let above = Number.NEGATIVE_INFINITY;
  for (const at of told.map((_, place) => place).sort((one, other) => (told[one] ?? 0) - (told[other] ?? 0))) {
    above = Math.max(told[at] ?? 0, above + 12);
    told[at] = above;
  }
  return told;
}

/** How far it is off, from the fifth that it is least sure of to the surest: it should fall. */
function SurenessDrawn({ rows }: Sureness) {
  const [height, top] = [190, 14];
  const most = Math.ceil(4 * Math.max(...rows.flatMap((row) => row.errors))) / 4;
  const steps = Math.max(2, ...rows.map((row) => row.errors.length));
  const x = (step: number) => 36 + (step / (steps - 1)) * (WIDTH - 36 - 26);
  const y = (error: number) => height - 30 - (error / most) * (height - 30 - top);
  const told = rows.map((row) => `${row.name}: ${row.errors.join(", ")}`);
  const ends = apart(rows.map((row) => y(row.errors.at(-1) ?? 0)));
  return (
    <figure>
      <figcaption>Mean error, by how sure it is</figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={`From the least sure. ${told.join(". ")}`}>
        {[0, most / 2, most].map((error) => (
          <g key={error}>
            <line className="grid" x1={x(0)} x2={x(steps - 1)} y1={y(error)} y2={y(error)} />
            <text x={x(0) - 8} y={y(error) + 4} textAnchor="end">
              {error.toFixed(2)}
            </text>
          </g>
        ))}
        <text x={x(0)} y={height - 10}>
          least sure fifth
        </text>
        <text x={x(steps - 1)} y={height - 10} textAnchor="end">
          surest fifth
        </text>
        {rows.map((row, at) => (
          <g key={row.name} style={{ color: `var(--line-${at + 1})` }}>
            <polyline points={row.errors.map((error, step) => `${x(step)},${y(error)}`).join(" ")} />
            {row.errors.map((error, step) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a fifth is its place in the row
              <circle key={step} cx={x(step)} cy={y(error)} r={3.5} />
            ))}
            <text className="end" x={x(steps - 1) + 9} y={(ends[at] ?? 0) + 4}>
              {at + 1}
            </text>
          </g>
        ))}
      </svg>
      <ol className="legend">
        {rows.map((row, at) => (
          <li key={row.name}>
            <b style={{ color: `var(--line-${at + 1})` }}>{at + 1}</b> {row.name}
          </li>
        ))}
      </ol>
    </figure>
  );
}

function isScaled(name: string): boolean {
  return name.includes("scaled");
}

/** The expected calibration error, as it comes and scaled, beside what a perfect model of this size would get. */
function ErrorsDrawn({ rows }: Errors) {
  const numbers = rows.flatMap((row) => [...row.told.map((one) => one.value), row.perfect?.limit ?? 0]);
  const most = Math.max(0.05, ...numbers) * 1.1;
  const x = (error: number) => 8 + (error / most) * (WIDTH - 16);
  const height = rows.length * 54 + 4;
  const told = rows.map(
    ({ name, told: all, perfect }) =>
      `${name} ${all.map((one) => `${one.name} ${one.value}`).join(", ")}${
        perfect === undefined ? "" : `, a perfect model of this size ${perfect.mean}, at most ${perfect.limit}`
      }`,
  );
  return (
    <figure>
      <figcaption>Expected calibration error</figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={told.join(". ")}>
        {rows.map(({ name, told: all, perfect }, at) => (
          <g key={name} transform={`translate(0 ${at * 54})`}>
            <text x={8} y={13} className="name">
              {name || "as it is used"}
            </text>
            {perfect !== undefined && (
              <rect className="perfect" x={x(0)} width={x(perfect.limit) - x(0)} y={22} height={20} rx={3} />
            )}
            <line className="grid" x1={x(0)} x2={x(most)} y1={32} y2={32} />
            {all.map((one) => (
              <g key={one.name} style={{ color: `var(--line-${isScaled(one.name) ? 2 : 1})` }}>
                {isScaled(one.name) ? (
                  <path d={`M${x(one.value)} 25l7 7l-7 7l-7 -7z`} />
                ) : (
                  <circle cx={x(one.value)} cy={32} r={6} />
                )}
              </g>
            ))}
            <text className="value" x={WIDTH} y={13} textAnchor="end">
              {all.map((one) => `${isScaled(one.name) ? "◆" : "●"} ${one.value.toFixed(3)}`).join("   ")}
            </text>
          </g>
        ))}
      </svg>
      <ul className="legend">
        <li>
          <span aria-hidden="true" style={{ color: "var(--line-1)" }}>
            ●
          </span>
          as it comes
        </li>
        <li>
          <span aria-hidden="true" style={{ color: "var(--line-2)" }}>
            ◆
          </span>
          scaled by temperature
        </li>
        {rows.some((row) => row.perfect !== undefined) && (
          <li>
            <span aria-hidden="true" className="quiet">
              ▬
            </span>
            what a perfect model of this size may get
          </li>
        )}
      </ul>
    </figure>
  );
}
