/** Models: what came with this Kelly, the card of each, how well it is calibrated, and two beside each other. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, given, type Schema } from "../api/client";
import { go } from "../app/route";
import { again } from "./again";
import { type Measure, shared } from "./card";
import { Diagrams } from "./Diagrams";
import { Markdown } from "./Markdown";
import { Scroll, Waiting } from "./parts";
import { hrefOf } from "./place";
import { many, size } from "./told";

type Model = Schema["ModelRow"];
type Card = Schema["ModelCard"];

export function Models({ query }: { query: URLSearchParams }) {
  const { data, error } = useQuery({
    queryKey: ["models"],
    queryFn: ({ signal }) => given(api.GET("/v1/models", { signal })),
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: again,
  });
  const name = query.get("model") || null;
  const other = query.get("with") === name ? null : query.get("with") || null;
  if (name === null) {
    return (
      <>
        <h1>Models</h1>
        {data === undefined ? (
          <Waiting error={error} what="Checking the models" />
        ) : (
          <ModelTable models={data.models} />
        )}
      </>
    );
  }
  const names = data?.models.map((one) => one.name) ?? [];
  return (
    <>
      <div className="way">
        <a href={hrefOf("models")}>Models</a>
        <label>
          Compare with{" "}
          <select
            value={other ?? ""}
            onChange={(event) => {
              go(hrefOf("models", { model: name, with: event.target.value || undefined }));
            }}
          >
            <option value="">none</option>
            {names
              .filter((one) => one !== name)
              .map((one) => (
                <option key={one}>{one}</option>
              ))}
          </select>
        </label>
      </div>
      {other === null ? <One name={name} /> : <Two names={[name, other]} />}
    </>
  );
}

function ModelTable({ models }: { models: readonly Model[] }) {
  return (
    <Scroll label="Models">
      <table className="choice">
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col">Licence of the weights</th>
            <th scope="col">Learned from</th>
            <th scope="col" className="number">
              Size
            </th>
            <th scope="col">Files</th>
          </tr>
        </thead>
        <tbody>
          {models.map((model) => (
            <tr key={model.name}>
              <th scope="row">
                <a href={hrefOf("models", { model: model.name })}>{model.name}</a>
              </th>
              <td>{model.licence}</td>
              <td>{model.corpora.join(", ") || "what Kelly composed itself"}</td>
              <td className="number">{size(model.size)}</td>
              <td>{files(model)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function files({ damaged }: Model) {
  if (damaged.length === 0) return "whole";
  return <strong className="wrong">{`✕ damaged: ${damaged.join(", ")}`}</strong>;
}

function useCard(name: string) {
  return useQuery({
    queryKey: ["model", name],
    queryFn: ({ signal }) => given(api.GET("/v1/models/{name}", { params: { path: { name } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: again,
  });
}

function One({ name }: { name: string }) {
  const { data, error } = useCard(name);
  return (
    <article className="model" aria-label={name}>
      <h1>{name}</h1>
      {data === undefined ? (
        <Waiting error={error} what="Fetching its card" />
      ) : (
        <>
          <Facts model={data} />
          <Diagrams card={data.card} />
          <Markdown>{data.card}</Markdown>
        </>
      )}
    </article>
  );
}

function Facts({ model }: { model: Model }) {
  return (
    <dl className="facts">
      <div>
        <dt>Licence of the weights</dt>
        <dd>{model.licence}</dd>
      </div>
      <div>
        <dt>Learned from</dt>
        <dd>{model.corpora.join(", ") || "what Kelly composed itself"}</dd>
      </div>
      <div>
        <dt>Size</dt>
        <dd>{size(model.size)}</dd>
      </div>
      <div>
        <dt>Files</dt>
        <dd>{files(model)}</dd>
      </div>
    </dl>
  );
}

function Two({ names: [one, other] }: { names: readonly [string, string] }) {
  const [left, right] = [useCard(one), useCard(other)];
  return (
    <>
      <h1>
        {one} <span className="quiet">beside</span> {other}
      </h1>
      {left.data !== undefined && right.data !== undefined && <Shared left={left.data} right={right.data} />}
      <div className="two">
        {[left, right].map(({ data, error }, at) => {
          const name = at === 0 ? one : other;
          return (
            <article key={name} className="model" aria-label={name}>
              {data === undefined ? (
                <Waiting error={error} what="Fetching its card" />
              ) : (
                <>
                  <h2 className="name">{name}</h2>
                  <Facts model={data} />
                  <Diagrams card={data.card} />
                  <Markdown>{data.card}</Markdown>
                </>
              )}
            </article>
          );
        })}
      </div>
    </>
  );
}

/** What both cards measure. */
function Shared({ left, right }: { left: Card; right: Card }) {
  const both = useMemo(() => shared(left.card, right.card), [left, right]);
  if (both.length === 0) {
    return (
      <p className="empty small">
        Their cards measure nothing in common, so there are no numbers to put side by side. Read them below.
      </p>
    );
  }
  return (
    <section className="shared" aria-label="What both measure">
      <h2>{many(both.length, "measure")} that both cards have</h2>
      <Scroll label="What both measure">
        <table>
          <thead>
            <tr>
              <th scope="col">measure</th>
              <th scope="col">{left.name}</th>
              <th scope="col">{right.name}</th>
            </tr>
          </thead>
          <tbody>
            {both.map(([one, other]) => (
              <tr key={one.name}>
                <th scope="row">{one.name}</th>
                <Cell measure={one} />
                <Cell measure={other} />
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <p className="quiet">
        As the cards have them. Splits and baselines may be others: how each was measured stands in its card.
      </p>
    </section>
  );
}

/** A measure: its first number large, what stands beside it small. */
function Cell({ measure: { told } }: { measure: Measure }) {
  const [first, ...more] = told;
  return (
    <td>
      <b>{first?.value}</b> <small>{first?.of}</small>
      {more.length > 0 && (
        <small className="beside">
          {more.map(({ of, value }) => (of === "" ? value : `${of} ${value}`)).join(" · ")}
        </small>
      )}
    </td>
  );
}
