/** Trainings: begun here, watched as they learn, stopped, and gone on with. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, given } from "../api/client";
import { again } from "./again";
import { Chart } from "./Chart";
import { epochs, flat } from "./curves";
import { keep, type Training, useTraining } from "./following";
import { Scroll, State, Tile, Waiting } from "./parts";
import { hrefOf } from "./place";
import { linesOf } from "./Runs";
import { TrainingForm } from "./TrainingForm";
import { date, figure, long } from "./told";

const AGAIN = 3000; // milliseconds between two looks at the list while something runs

export function Trainings({ query }: { query: URLSearchParams }) {
  const chosen = query.get("training");
  return chosen === null || chosen === "" ? <TrainingList /> : <OneTraining key={chosen} id={chosen} />;
}

function TrainingList() {
  const [before, setBefore] = useState<readonly string[]>([]);
  const edge = before.at(-1);
  const { data, error } = useQuery({
    queryKey: ["trainings", edge],
    queryFn: ({ signal }) => {
      const asked = { limit: 20, ...(edge === undefined ? {} : { before: edge }) };
      return given(api.GET("/v1/trainings", { params: { query: asked }, signal }));
    },
    refetchInterval: (asked) =>
      asked.state.data?.trainings.some((one) => one.state === "running") ? AGAIN : again(asked),
  });
  const trainings = data?.trainings;
  return (
    <>
      <h1>Trainings</h1>
      <div className="trainings">
        <TrainingForm />
        <section aria-labelledby="begun">
          <h2 id="begun">Begun here</h2>
          {trainings !== undefined && error !== null && <p role="alert">{error.message}</p>}
          {trainings === undefined ? (
            <Waiting error={error} what="Reading the trainings" />
          ) : trainings.length === 0 ? (
            <p className="empty">None yet. What you start appears here, and goes on when you close this page.</p>
          ) : (
            <TrainingTable trainings={trainings} />
          )}
          <div className="pages">
            {before.length > 0 && (
              <button type="button" onClick={() => setBefore(before.slice(0, -1))}>
                Newer
              </button>
            )}
            {data?.next != null && (
              <button type="button" onClick={() => setBefore([...before, data.next as string])}>
                Older
              </button>
            )}
          </div>
        </section>
      </div>
    </>
  );
}

function TrainingTable({ trainings }: { trainings: readonly Training[] }) {
  return (
    <Scroll label="Trainings">
      <table className="choice">
        <thead>
          <tr>
            <th scope="col">Training</th>
            <th scope="col">State</th>
            <th scope="col" className="number">
              Epochs
            </th>
            <th scope="col" className="number">
              Best dev loss
            </th>
          </tr>
        </thead>
        <tbody>
          {trainings.map((one) => (
            <tr key={one.id}>
              <th scope="row">
                <a href={hrefOf("trainings", { training: one.id })}>{nameOf(one)}</a>
                <small>{date(one.created)}</small>
              </th>
              <td>
                <State of={one.state}>{one.stopping && one.state === "running" ? "stopping" : one.state}</State>
              </td>
              <td className="number">{one.epochs === null ? one.epoch : `${one.epoch} of ${one.epochs}`}</td>
              <td className="number">{figure(one.best)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function OneTraining({ id }: { id: string }) {
  const { training, error, lost } = useTraining(id);
  return (
    <>
      <p className="way">
        <a href={hrefOf("trainings")}>Trainings</a>
      </p>
      {training === undefined ? (
        <Waiting error={error} what="Looking for the training" />
      ) : (
        <Told training={training} />
      )}
      {lost && <p role="alert">Kelly cannot be reached just now. This page goes on as soon as it answers.</p>}
    </>
  );
}

function Told({ training }: { training: Training }) {
  const { state, stopping, said, detail, settings } = training;
  const at = useMemo(() => epochs([training.curve]), [training.curve]);
  const lines = useMemo(() => linesOf(training, 0, 1, "losses", at), [training, at]);
  const asked = flat(settings);
  return (
    <article className="training" aria-label={nameOf(training)}>
      <header>
        <div>
          <h1>{nameOf(training)}</h1>
          <p className="quiet">
            <State of={state}>{stopping && state === "running" ? "stopping" : state}</State> · begun{" "}
            {date(training.created)} · {long(training.seconds)} of work · device {training.device}
          </p>
        </div>
        <Command training={training} />
      </header>
      <Progress training={training} />
      {state === "failed" && <p role="alert">{failure(detail)}</p>}
      {at.length > 0 && <Chart title="Losses" along="epoch" at={at} lines={lines} told={figure} />}
      {said !== null && (
        <p className="said">
          <span className="quiet">It last said</span> <code>{said}</code>
        </p>
      )}
      {asked.length > 0 && (
        <dl className="facts" aria-label="Settings that were asked for">
          {asked.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </article>
  );
}

/** Stop it, or let it go on. */
function Command({ training }: { training: Training }) {
  const queries = useQueryClient();
  const [asked, setAsked] = useState(false);
  const [wrong, setWrong] = useState<string>();
  const { id, state, stopping } = training;

  async function ask(answer: Promise<Training>) {
    setAsked(true);
    setWrong(undefined);
    try {
      keep(queries, await answer);
    } catch (reason) {
      setWrong(reason instanceof Error ? reason.message : String(reason));
    }
    setAsked(false);
  }

  const stop = () => ask(given(api.DELETE("/v1/trainings/{name}", { params: { path: { name: id } } })));
  const goOn = () => ask(given(api.POST("/v1/trainings", { body: { run: id } as never })));
  return (
    <div className="command">
      {state === "running" && (
        <button type="button" disabled={asked || stopping} onClick={stop}>
          {stopping ? "Stopping …" : "Stop"}
        </button>
      )}
      {(state === "stopped" || state === "failed") && (
        <button type="button" className="main" disabled={asked} onClick={goOn}>
          Go on
        </button>
      )}
      {wrong !== undefined && <p role="alert">{wrong}</p>}
    </div>
  );
}

function Progress({ training }: { training: Training }) {
  const { state, epoch, epochs: all, loss, dev_loss, best, eta } = training;
  const told =
    all === null ? (epoch === 0 ? "Its data are being prepared" : `Epoch ${epoch}`) : `Epoch ${epoch} of ${all}`;
  return (
    <section className="progress" aria-label="Progress">
      {state === "running" && <progress aria-label={told} max={all ?? 1} {...(all === null ? {} : { value: epoch })} />}
      <p aria-live="polite">
        {state === "running" ? `${told}.` : outcome(training)}
        {dev_loss !== null && <span className="unseen">{` Dev loss ${figure(dev_loss)}.`}</span>}
      </p>
      <dl className="numbers">
        <Tile name="Train loss">{figure(loss)}</Tile>
        <Tile name="Dev loss">{figure(dev_loss)}</Tile>
        <Tile name="Best dev loss">{figure(best)}</Tile>
        {state === "running" && <Tile name="To the last epoch">{eta === null ? "–" : long(eta)}</Tile>}
      </dl>
    </section>
  );
}

/** How a training ended, in a sentence. */
function outcome({ state, epoch, epochs: all }: Training): string {
  const epochs = all === null ? `${epoch} epochs` : `${epoch} of ${all} epochs`;
  if (state === "done") return `Done after ${epochs}. Its weights lie in its run.`;
  if (state === "stopped") return `Stopped after ${epochs}. It can go on from there.`;
  return `Failed after ${epochs}. Once what was wrong is mended, it can go on.`;
}

function failure(detail: string | null): string {
  if (detail === null) return "It does not say why.";
  const begun = detail.charAt(0).toUpperCase() + detail.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

function nameOf({ model, seed }: Training): string {
  return `${model}, seed ${seed}`;
}
