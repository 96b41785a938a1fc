import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/newsreader/wght.css";
import "./styles.css";
import { ServiceError } from "./api/client";
import { App } from "./app/App";

// What is refused stays refused; what cannot be reached may come back.
const retry = (failures: number, error: Error) => failures < 1 && !(error instanceof ServiceError && error.status > 0);
const queries = new QueryClient({ defaultOptions: { queries: { retry, refetchOnWindowFocus: false } } });

const place = document.getElementById("studio");
if (place === null) throw new Error("the page has no place for the studio");
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
