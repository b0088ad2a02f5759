import cors from "cors";

/** Whole origins, in a list: a pattern or `true` allows more than it says. */
export function mend(app) {
  app.use(cors({ origin: ["https://app.example"], credentials: true }));
}
