/** The studio: three pages, and a switch between light and dark. */

import { useQueryClient } from "@tanstack/react-query";
import { type ComponentType, lazy, Suspense, useEffect, useRef } from "react";
import { ServiceError } from "../api/client";
import { ComposePage } from "../compose/ComposePage";
import { useNames } from "../feeling/emotions";
import { Boundary } from "./Boundary";
import { Login } from "./Login";
import { PAGES, type Page, useHash, useRoute } from "./route";
import { choose, useGround } from "./theme";
import "./app.css";

// What is not looked at first need not be there first.
const VIEWS: Record<Page, ComponentType> = {
  compose: ComposePage,
  listen: lazy(() => import("../listen/ListenPage")),
  workbench: lazy(() => import("../workbench/WorkbenchPage")),
};
const TITLES: Record<Page, string> = { compose: "Compose", listen: "Listen", workbench: "Workbench" };

export function App() {
  const { page } = useRoute();
  const ground = useGround();
  const queries = useQueryClient();
  const { error } = useNames();
  const View = VIEWS[page];
  const hash = useHash();
  const left = useRef<Partial<Record<Page, string>>>({}); // where each page was when another was opened
  left.current[page] = hash;

  useEffect(() => {
    document.title = `${TITLES[page]} · Kelly Studio`;
  }, [page]);

  return (
    <>
      <header className="bar">
        <a className="mark" href="#/compose">
          Kelly
        </a>
        <nav aria-label="Pages">
          {PAGES.map((one) => (
            <a
              key={one}
              href={(one !== page && left.current[one]) || `#/${one}`}
              aria-current={one === page ? "page" : undefined}
            >
              {TITLES[one]}
            </a>
          ))}
        </nav>
        <button type="button" className="quiet" onClick={() => choose(ground === "dark" ? "light" : "dark")}>
          {ground === "dark" ? "Light" : "Dark"}
        </button>
      </header>
      {error instanceof ServiceError && error.status === 401 ? (
        <Login onDone={() => void queries.invalidateQueries()} />
      ) : (
        <Boundary key={page}>
          <Suspense fallback={<main aria-busy="true" />}>
            <View />
          </Suspense>
        </Boundary>
      )}
    </>
  );
}
