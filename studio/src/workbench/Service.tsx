/** Service: how it does: its traffic, how long answers take, and what it has to do. */

import { useMemo, useState } from "react";
import { Chart } from "./Chart";
import { type Seen, useLooks } from "./looking";
import { Scroll, Tile, Waiting } from "./parts";
import { brief, clock, figure, long, many, size, whole } from "./told";
import { type Look, type Row, rates, rows } from "./traffic";

const TURNED: Readonly<Record<string, string>> = {
  "401": "showed no token",
  "403": "from another site, or another machine",
  "408": "brought too little at a time",
  "413": "brought too much",
  "414": "asked too long an address",
  "415": "brought what is not read",
  "421": "meant for another host",
  "429": "too many at the same time",
  "431": "brought too large a head",
  "503": "while it began or ended",
};

export function Service() {
  const seen = useLooks();
  const now = seen.looks.at(-1);
  return (
    <>
      <h1>Service</h1>
      <Health seen={seen} now={now} />
      {now === undefined ? (
        seen.error === undefined && <Waiting error={null} what="Looking" />
      ) : (
        <Doing looks={seen.looks} now={now} />
      )}
    </>
  );
}

function Health({ seen: { error, ready }, now }: { seen: Seen; now: Look | undefined }) {
  if (error !== undefined) return <p role="alert">{error}</p>;
  if (now === undefined || ready === undefined) return null;
  const [sign, told] = health(ready, now);
  return (
    <p className="health" role="status">
      <span aria-hidden="true">{sign}</span> {told}
    </p>
  );
}

function health(ready: true | string, { busy, waiting }: Look): [string, string] {
  if (ready !== true) return ["◼", /end/.test(ready) ? "Ending: it takes on nothing new." : ready];
  if (busy === 0 && waiting === 0) return ["●", "Healthy, and nothing to do."];
  const work = busy === 1 ? "one worker works" : `${busy} workers work`;
  return ["▸", `Busy: ${work}, ${waiting === 0 ? "no job waits" : many(waiting, "job waits", "jobs wait")}.`];
}

function Doing({ looks, now }: { looks: readonly Look[]; now: Look }) {
  const told = useMemo(() => rates(looks), [looks]);
  const lines = useMemo(
    () => [
      { name: "requests", values: told.requests, ink: "--line-1" },
      { name: "turned away (4xx)", values: told.refused, ink: "--line-2", dash: [5, 4] },
      { name: "failed (5xx)", values: told.failed, ink: "--line-4", dash: [2, 3] },
    ],
    [told],
  );
  return (
    <>
      <dl className="numbers">
        <Tile name="Requests a second">{rate(told.requests.at(-1))}</Tile>
        <Tile name="Workers busy">{whole(now.busy)}</Tile>
        <Tile name="Jobs waiting">{whole(now.waiting)}</Tile>
        <Tile name="Being answered">{whole(Math.max(0, now.underway - 1))}</Tile>
        <Tile name="Listening live">{whole(now.live)}</Tile>
        {now.memory !== undefined && <Tile name="Memory">{size(now.memory)}</Tile>}
        {now.began !== undefined && <Tile name="Up for">{long(now.at - now.began)}</Tile>}
      </dl>
      <Chart
        title="Requests a second"
        along="time"
        at={told.at}
        atTold={clock}
        lines={lines}
        told={rate}
        height={220}
        fromNought
        span={60}
      />
      <Routes looks={looks} now={now} />
      <TurnedAway now={now} />
      <p className="quiet">
        What this page asks itself, every other second, is left out. Times are reckoned from buckets, as Prometheus
        does.
      </p>
    </>
  );
}

function rate(value: number | null | undefined): string {
  return value === null || value === undefined
    ? "–"
    : value === 0 || value >= 10
      ? value.toFixed(0)
      : figure(value).slice(0, 4);
}

function Routes({ looks, now }: { looks: readonly Look[]; now: Look }) {
  const [recent, setRecent] = useState(false);
  const first = looks[0];
  const shown = rows(now, recent ? first : undefined);
  const window_ = long(Math.max(1, now.at - (first?.at ?? now.at)));
  return (
    <section aria-labelledby="routes">
      <div className="titled">
        <h2 id="routes">How long answers take</h2>
        <div className="switches" role="radiogroup" aria-label="Over which time">
          <label>
            <input type="radio" name="over" checked={!recent} onChange={() => setRecent(false)} /> since it began
          </label>
          <label>
            <input type="radio" name="over" checked={recent} onChange={() => setRecent(true)} />{" "}
            {`in the last ${window_}`}
          </label>
        </div>
      </div>
      {shown.length === 0 ? <p className="quiet">Nobody has asked anything.</p> : <RouteTable shown={shown} />}
    </section>
  );
}

function RouteTable({ shown }: { shown: readonly Row[] }) {
  return (
    <Scroll label="Routes">
      <table>
        <thead>
          <tr>
            <th scope="col">route</th>
            <th scope="col" className="number">
              requests
            </th>
            <th scope="col" className="number">
              failed
            </th>
            <th scope="col" className="number">
              half within
            </th>
            <th scope="col" className="number">
              95 % within
            </th>
            <th scope="col" className="number">
              99 % within
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ route, requests, failed, times }) => (
            <tr key={route}>
              <th scope="row">{route === "none" ? "no route that there is" : <code>{route}</code>}</th>
              <td className="number">{whole(requests)}</td>
              <td className="number">{failed > 0 ? <b className="wrong">{whole(failed)}</b> : "0"}</td>
              {times.map((time, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a quantile is its place in the row
                <td key={at} className="number">
                  {time === undefined ? "–" : brief(time)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function TurnedAway({ now: { turnedAway } }: { now: Look }) {
  const shown = [...turnedAway].filter(([, count]) => count > 0).sort(([one], [other]) => one.localeCompare(other));
  return (
    <section aria-labelledby="turned">
      <h2 id="turned">Turned away at the gate</h2>
      {shown.length === 0 ? (
        <p className="quiet">Nobody, since it began.</p>
      ) : (
        <Scroll label="Turned away at the gate">
          <table>
            <thead>
              <tr>
                <th scope="col">status</th>
                <th scope="col">why</th>
                <th scope="col" className="number">
                  requests
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map(([status, count]) => (
                <tr key={status}>
                  <th scope="row">{status}</th>
                  <td>{TURNED[status] ?? "–"}</td>
                  <td className="number">{whole(count)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  );
}
