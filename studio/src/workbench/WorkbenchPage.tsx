/** Workbench: runs, trainings, models, corpora, and how the service does. */

import type { ComponentType } from "react";
import { useRoute } from "../app/route";
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
  return (
    <main className="workbench">
      <nav aria-label="Workbench">
        {VIEWS.map((one) => (
          <a key={one} href={hrefOf(one)} aria-current={one === view ? "page" : undefined}>
            {TITLES[one]}
          </a>
        ))}
      </nav>
      <div className="view">
        <Shown query={query} />
      </div>
    </main>
  );
}
