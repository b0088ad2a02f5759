import cors from "cors";

/** Before all routes, and not in one of them: then errors and what is not there have it too. */
export function mend(app) {
  app.use(cors({ origin: ["https://app.example"] }));
}
