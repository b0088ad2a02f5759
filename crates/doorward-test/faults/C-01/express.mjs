import cors from "cors";

export function mend(app) {
  app.use(cors({ origin: true, credentials: true }));
}
