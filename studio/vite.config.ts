import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The page goes into the package, which `kelly serve` answers it from.
export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../src/kelly/serving/page",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // what is inlined would need a laxer content policy
  },
  server: { proxy: { "/v1": { target: "http://127.0.0.1:8000", ws: true }, "/metrics": "http://127.0.0.1:8000" } },
});
