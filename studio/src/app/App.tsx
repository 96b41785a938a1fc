/** The studio: three pages, and a switch between light and dark. */

import { ComposePage } from "../compose/ComposePage";
import { PAGES, useRoute } from "./route";
import { choose, useGround } from "./theme";
import "./app.css";

const TITLES = { compose: "Compose", listen: "Listen", workbench: "Workbench" } as const;

export function App() {
  const { page } = useRoute();
  const ground = useGround();
  return (
    <>
      <header className="bar">
        <a className="mark" href="#/compose">
          Kelly
        </a>
        <nav aria-label="Pages">
          {PAGES.map((one) => (
            <a key={one} href={`#/${one}`} aria-current={one === page ? "page" : undefined}>
              {TITLES[one]}
            </a>
          ))}
        </nav>
        <button type="button" className="quiet" onClick={() => choose(ground === "dark" ? "light" : "dark")}>
          {ground === "dark" ? "Light" : "Dark"}
        </button>
      </header>
      <ComposePage />
    </>
  );
}
