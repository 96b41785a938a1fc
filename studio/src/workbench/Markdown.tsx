/** Markdown of a card, as elements of the page: what is no Markdown in it stays text. */

import type { Token, Tokens } from "marked";
import type { ReactNode } from "react";
import { leads, tokens } from "./card";
import { Scroll } from "./parts";
import { hrefOf } from "./place";

/** A card; its first heading is one of the second level, since the page has the first. */
export function Markdown({ children }: { children: string }) {
  return <div className="card">{blocks(tokens(children))}</div>;
}

// biome-ignore-start lint/suspicious/noArrayIndexKey: what stands in a card does not move
function blocks(all: readonly Token[]): ReactNode[] {
  return all.map((token, at) => <Block key={at} token={token} />);
}

function inline(all: readonly Token[] | undefined): ReactNode[] {
  return (all ?? []).map((token, at) => <Inline key={at} token={token} />);
}

function Block({ token }: { token: Token }) {
  switch (token.type) {
    case "heading":
      return <Heading {...(token as Tokens.Heading)} />;
    case "paragraph":
      return <p>{inline(token.tokens)}</p>;
    case "text":
      return token.tokens === undefined ? token.text : inline(token.tokens);
    case "code":
      return <CodeBlock text={token.text} />;
    case "list": {
      const { ordered, items } = token as Tokens.List;
      const rows = items.map((item, at) => <li key={at}>{blocks(item.tokens)}</li>);
      return ordered ? <ol>{rows}</ol> : <ul>{rows}</ul>;
    }
    case "blockquote":
      return <blockquote>{blocks(token.tokens ?? [])}</blockquote>;
    case "table":
      return <TableBlock {...(token as Tokens.Table)} />;
    case "hr":
      return <hr />;
    case "space":
      return null;
    default:
      return <p>{token.raw}</p>;
  }
}

function Heading({ depth, tokens: inner }: Tokens.Heading) {
  const Level = (["h2", "h3", "h4"] as const)[depth - 1] ?? "h5";
  return <Level>{inline(inner)}</Level>;
}

function CodeBlock({ text }: { text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <pre tabIndex={0}>
      <code>{text}</code>
    </pre>
  );
}

function TableBlock({ header, rows }: Tokens.Table) {
  const side = (align: string | null) => (align === "right" ? "number" : undefined);
  return (
    <Scroll label={`Table: ${header.map((cell) => cell.text).join(", ")}`}>
      <table>
        <thead>
          <tr>
            {header.map((cell, at) => (
              <th key={at} scope="col" className={side(cell.align)}>
                {cell.tokens.length === 0 ? <span className="unseen">what</span> : inline(cell.tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, column) =>
                column === 0 ? (
                  <th key={column} scope="row">
                    {inline(cell.tokens)}
                  </th>
                ) : (
                  <td key={column} className={side(cell.align)}>
                    {inline(cell.tokens)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
// biome-ignore-end lint/suspicious/noArrayIndexKey: what stands in a card does not move

function Inline({ token }: { token: Token }) {
  switch (token.type) {
    case "strong":
      return <strong>{inline(token.tokens)}</strong>;
    case "em":
      return <em>{inline(token.tokens)}</em>;
    case "del":
      return <del>{inline(token.tokens)}</del>;
    case "codespan":
      return <code>{token.text}</code>;
    case "br":
      return <br />;
    case "link":
      return <Link {...(token as Tokens.Link)} />;
    case "escape":
      return token.text;
    case "text":
      return token.tokens === undefined ? entities(token.text) : inline(token.tokens);
    default:
      return token.raw;
  }
}

/** A link that leads somewhere from here; others, to files beside the card, are told as text. */
function Link({ href, tokens: inner }: Tokens.Link) {
  const to = leads(href);
  if (to === undefined) return inline(inner);
  if ("card" in to) return <a href={hrefOf("models", { model: to.card })}>{inline(inner)}</a>;
  return (
    <a href={to.world} target="_blank" rel="noreferrer">
      {inline(inner)}
    </a>
  );
}

const SIGNS: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

function entities(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (whole, name: string) => SIGNS[name] ?? whole);
}
