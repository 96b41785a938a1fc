/** The reading of what is written, as it is written. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, given, type Schema } from "../api/client";

const PAUSE = 180; // milliseconds after the last letter
const LONGEST = 600; // letters; what is longer is read in passages, and takes its time

type Reading = Schema["FeelingReading"];

export interface Read {
  reading: Reading | undefined;
  /** The text that was read. */
  of: string;
  /** Why the text that stands there now cannot be read. */
  error: Error | null;
  /** Try again. */
  again: () => void;
}

/** The reading of a text, with what each word did; that of the text before until it is there. */
export function useReading(text: string): Read {
  const settled = useSettled(text, PAUSE);
  const asked = text.trim() === "" || settled.trim() === "" ? "" : settled;
  const { data, error, refetch } = useQuery({
    queryKey: ["reading", asked],
    queryFn: async ({ signal }) => {
      const body = { text: asked, explain: asked.length <= LONGEST };
      return { reading: await given(api.POST("/v1/feelings", { body, signal })), of: asked };
    },
    enabled: asked !== "",
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    retry: false,
  });
  return {
    reading: asked === "" ? undefined : data?.reading,
    of: data?.of ?? "",
    error: asked === text ? error : null,
    again: () => void refetch(),
  };
}

/** A value once it has stayed the same for so many milliseconds. */
function useSettled<Value>(value: Value, milliseconds: number): Value {
  const [settled, settle] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => settle(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}
