import cors from "cors";

/** By name: `*` is only a name where credentials travel. */
export function mend(app) {
  app.use(cors({
    origin: ["https://app.example"], credentials: true, exposedHeaders: ["X-Total-Count"],
  }));
}
