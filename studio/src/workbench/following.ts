/** Trainings as they go on: the service tells of each epoch; who loses sight of it asks again until it is heard. */

import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, given, type Schema } from "../api/client";
import { again } from "./again";

export type Training = Schema["TrainingView"];

const STATES: readonly Training["state"][] = ["running", "done", "stopped", "failed"];
const AGAIN = 2000; // milliseconds until a service that closed the door is asked again

/** What is kept of a training, for all who look at it. */
export function keep(queries: QueryClient, training: Training): void {
  const before = queries.getQueryData<Training>(["training", training.id]);
  queries.setQueryData(["training", training.id], training);
  if (before?.state !== training.state) {
    void queries.invalidateQueries({ queryKey: ["trainings"] });
    void queries.invalidateQueries({ queryKey: ["runs"] });
  }
}

/** A training, followed while it runs; and whether the service was lost sight of. */
export function useTraining(id: string) {
  const queries = useQueryClient();
  const [lost, setLost] = useState(false);
  const { data, error } = useQuery({
    queryKey: ["training", id],
    queryFn: ({ signal }) => given(api.GET("/v1/trainings/{name}", { params: { path: { name: id } }, signal })),
    refetchInterval: again,
  });
  const running = data?.state === "running";
  useEffect(() => {
    if (!running) return;
    return followed(id, (training) => keep(queries, training), setLost);
  }, [id, running, queries]);
  return { training: data, error, lost: lost && running };
}

/** Follow a training until it has ended; gives what ends the following. */
function followed(id: string, told: (training: Training) => void, lost: (is: boolean) => void): () => void {
  let events: EventSource;
  let later: ReturnType<typeof setTimeout> | undefined;
  const begin = () => {
    events = new EventSource(`/v1/trainings/${id}/events`);
    const heard = (event: MessageEvent<string>) => {
      lost(false);
      told(JSON.parse(event.data) as Training);
    };
    for (const state of STATES) events.addEventListener(state, heard);
    events.onerror = () => {
      lost(true);
      if (events.readyState === EventSource.CLOSED) later = setTimeout(begin, AGAIN); // else it asks by itself
    };
  };
  begin();
  return () => {
    clearTimeout(later);
    events.close();
  };
}
