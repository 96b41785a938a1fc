/** Workbench: runs, trainings, models, corpora, and how the service does. */

import { type ComponentType, useRef } from "react";
import { useRoute } from "../app/route";
import { useHeldFocus } from "../ui/focus";
import { Corpora } from "./Corpora";
import { Models } from "./Models";
import { hrefOf, VIEWS, type View, viewOf } from "./place";
import { Runs } from "./Runs";
import { Service } from "./Service";
import { Trainings } from "./Trainings";
import "./workbench.css";

const SHOWN: Record<View, ComponentType<{ query: URLSearchParams }>> = {
  runs: Runs,
  trainings: Trainings,
  models: Models,
  corpora: Corpora,
  service: Service,
};
const TITLES: Record<View, string> = {
  runs: "Runs",
  trainings: "Trainings",
  models: "Models",
  corpora: "Corpora",
  service: "Service",
};

export default function WorkbenchPage() {
  const { query } = useRoute();
  const view = viewOf(query);
  const Shown = SHOWN[view];
  const place = useRef<HTMLDivElement>(null);
  useHeldFocus(place);
  return (
    <main className="workbench">
      <nav aria-label="Workbench">
        {VIEWS.map((one) => (
          <a key={one} href={hrefOf(one)} aria-current={one === view ? "page" : undefined}>
            {TITLES[one]}
          </a>
        ))}
      </nav>
      <div ref={place} tabIndex={-1} className="view">
        <Shown query={query} />
      </div>
    </main>
  );
}
