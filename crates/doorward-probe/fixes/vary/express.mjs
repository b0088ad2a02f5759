import cors from "cors";

/** A list makes `cors` send `Vary: Origin` to everybody, allowed or not. */
export function mend(app) {
  app.use(cors({ origin: ["https://app.example"] }));
}
