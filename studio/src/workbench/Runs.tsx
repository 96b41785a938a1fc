/** Runs: what trainings left, their curves, and what their settings have in common. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { api, given } from "../api/client";
import { go } from "../app/route";
import { Chart, type Line } from "./Chart";
import { along, beside, type Epoch, epochs, measures, type Run, type Setting } from "./curves";
import { Scroll, State, Waiting } from "./parts";
import { hrefOf, toggled } from "./place";
import { date, figure, many } from "./told";

const MOST = 6; // more lines are no longer told apart
const AGAIN = 15_000; // milliseconds between two looks at what may still be learning
const LOSSES = "losses";

export function Runs({ query }: { query: URLSearchParams }) {
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ["runs"],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => {
      const asked = { limit: 20, ...(pageParam === "" ? {} : { before: pageParam }) };
      return given(api.GET("/v1/runs", { params: { query: asked }, signal }));
    },
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: AGAIN,
  });
  const runs = useMemo(() => data?.pages.flatMap((page) => page.runs) ?? [], [data]);
  const asked = [...new Set(query.getAll("run"))].slice(0, MOST);
  const chosen = asked.length === 0 ? runs.slice(0, 1).map((run) => run.id) : asked;
  const shown = chosen.flatMap((id) => runs.find((run) => run.id === id) ?? []);

  // A link may lead to a run of a page that is not there yet.
  const missing = asked.some((id) => !runs.some((run) => run.id === id));
  useEffect(() => {
    if (missing && hasNextPage && !isFetchingNextPage && error === null) void fetchNextPage();
  }, [missing, hasNextPage, isFetchingNextPage, error, fetchNextPage]);

  if (data === undefined) {
    return (
      <>
        <h1>Runs</h1>
        <Waiting error={error} what="Reading the runs" />
      </>
    );
  }
  if (runs.length === 0) {
    return (
      <>
        <h1>Runs</h1>
        <p className="empty">
          No run has been made yet. <a href={hrefOf("trainings")}>Start a training</a>, or show those that you have:{" "}
          <code>kelly studio --runs FOLDER</code>.
        </p>
      </>
    );
  }
  return (
    <>
      <h1>Runs</h1>
      {error !== null && <p role="alert">{error.message}</p>}
      {missing && !hasNextPage && <p role="alert">A run of this link is no longer there. Choose another.</p>}
      <div className="runs">
        <div className="learned">
          <Curves runs={shown} />
        </div>
        <div className="list">
          <RunTable runs={runs} chosen={chosen} />
          <p className="quiet">
            {shown.length > 1 ? `${shown.length} runs are compared. ` : "Tick further runs to compare them. "}
            {chosen.length >= MOST && `No more than ${MOST} at a time.`}
          </p>
          {hasNextPage && (
            <button type="button" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              Older runs
            </button>
          )}
        </div>
        <div className="made-from">
          <Settings runs={shown} />
        </div>
      </div>
    </>
  );
}

function RunTable({ runs, chosen }: { runs: readonly Run[]; chosen: readonly string[] }) {
  return (
    <Scroll label="Runs">
      <table className="choice">
        <thead>
          <tr>
            <th scope="col">
              <span className="unseen">Shown</span>
            </th>
            <th scope="col">Run</th>
            <th scope="col" className="number">
              Epochs
            </th>
            <th scope="col" className="number">
              Best dev loss
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => {
            const place = chosen.indexOf(run.id);
            return (
              <tr key={run.id} data-chosen={place >= 0 || undefined}>
                <td>
                  <input
                    type="checkbox"
                    aria-label={`Show ${nameOf(run)}, ${date(run.created)}`}
                    checked={place >= 0}
                    disabled={place < 0 && chosen.length >= MOST}
                    onChange={() => {
                      go(hrefOf("runs", { run: toggled(chosen, run.id) }));
                    }}
                  />
                </td>
                <th scope="row">
                  <a href={hrefOf("runs", { run: run.id })}>{nameOf(run)}</a>
                  {place >= 0 && chosen.length > 1 && <Mark place={place} />}
                  <small>
                    {run.training === null && `${run.name} · `}
                    <State of={run.state} /> · {date(run.created)}
                  </small>
                </th>
                <td className="number">{progress(run)}</td>
                <td className="number">{figure(run.best)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scroll>
  );
}

/** The number of a run among those that are shown, in the colour of its lines. */
function Mark({ place }: { place: number }) {
  return (
    <b className="mark" style={{ color: `var(--line-${place + 1})` }}>
      {place + 1}
    </b>
  );
}

function Curves({ runs }: { runs: readonly Run[] }) {
  const [log, setLog] = useState(false);
  const [measure, setMeasure] = useState(LOSSES);
  const others = useMemo(() => measures(runs.map((run) => run.curve)), [runs]);
  const shown = others.includes(measure) ? measure : LOSSES;
  const at = useMemo(() => epochs(runs.map((run) => run.curve)), [runs]);
  const lines = useMemo(
    () => runs.flatMap((run, place) => linesOf(run, place, runs.length, shown, at)),
    [runs, shown, at],
  );
  if (runs.length === 0) return null;
  if (runs.every((run) => run.curve.length === 0)) {
    const damaged = runs.some((run) => run.state === "damaged");
    return (
      <p className="empty">
        {damaged ? "This run is damaged: its files cannot be read." : "No epoch of this run is done yet."}
      </p>
    );
  }
  return (
    <Chart
      title={runs.length === 1 && runs[0] !== undefined ? nameOf(runs[0]) : "Runs compared"}
      along="epoch"
      at={at}
      lines={lines}
      told={figure}
      log={log}
    >
      {others.length > 0 && (
        <select aria-label="What is drawn" value={shown} onChange={(event) => setMeasure(event.target.value)}>
          {[LOSSES, ...others].map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      )}
      <button type="button" className="quiet" aria-pressed={log} onClick={() => setLog(!log)}>
        Logarithmic
      </button>
    </Chart>
  );
}

/** The lines of a run: what it did on what it does not learn from whole, on what it learns from dashed. */
export function linesOf(
  run: { curve: readonly Epoch[] },
  place: number,
  of: number,
  measure: string,
  at: readonly number[],
): Line[] {
  const ink = `--line-${place + 1}`;
  const whose = of > 1 ? `${place + 1}: ` : "";
  const mark = of > 1 ? { mark: String(place + 1) } : {};
  if (measure !== LOSSES) return [{ name: whose + measure, values: along(run.curve, measure, at), ink, ...mark }];
  return [
    { name: `${whose}dev loss`, values: along(run.curve, "dev_loss", at), ink, ...mark },
    { name: `${whose}train loss`, values: along(run.curve, "loss", at), ink, dash: [5, 4] },
  ];
}

function Settings({ runs }: { runs: readonly Run[] }) {
  const settings = useMemo(() => beside(runs.map((run) => run.settings)), [runs]);
  const differing = settings.filter((one) => one.differs && !one.values.includes(undefined));
  const partly = settings.filter((one) => one.differs && one.values.includes(undefined));
  const same = settings.filter((one) => !one.differs);
  const [only] = runs;
  if (only === undefined || settings.length === 0) return null;
  if (runs.length === 1) {
    return (
      <>
        <h2>Settings</h2>
        {only.training !== null && (
          <p className="quiet">
            Made by <a href={hrefOf("trainings", { training: only.training })}>a training of this service</a>.
          </p>
        )}
        <SettingTable settings={settings} heads={["value"]} label="Settings" />
      </>
    );
  }
  const heads = runs.map((run, place) => `${place + 1}: ${nameOf(run)}`);
  return (
    <>
      <h2>
        {differing.length === 0
          ? "No setting that all have differs"
          : many(differing.length, "setting differs", "settings differ")}
      </h2>
      {differing.length > 0 && <SettingTable settings={differing} heads={heads} label="Settings that differ" />}
      {partly.length > 0 && (
        <details>
          <summary>{many(partly.length, "setting that not all have", "settings that not all have")}</summary>
          <SettingTable settings={partly} heads={heads} label="Settings that not all have" />
        </details>
      )}
      {same.length > 0 && (
        <details>
          <summary>{many(same.length, "setting is", "settings are")} the same</summary>
          <SettingTable
            settings={same.map((one) => ({ ...one, values: one.values.slice(0, 1) }))}
            heads={["value"]}
            label="Settings that are the same"
          />
        </details>
      )}
    </>
  );
}

function SettingTable({
  settings,
  heads,
  label,
}: {
  settings: readonly Setting[];
  heads: readonly string[];
  label: string;
}) {
  return (
    <Scroll label={label}>
      <table>
        <thead>
          <tr>
            <th scope="col">setting</th>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {settings.map(({ name, values }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {heads.map((head, place) => (
                <td key={head}>{values[place] ?? "–"}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function nameOf(run: Run): string {
  if (run.network === null) return run.state === "damaged" ? "a damaged run" : "a run of no name";
  return run.seed === null ? run.network : `${run.network}, seed ${run.seed}`;
}

function progress(run: Run): string {
  const done = run.curve.at(-1)?.epoch;
  if (run.epochs === null) return done === undefined ? "–" : String(done);
  return `${done ?? 0} of ${run.epochs}`;
}
