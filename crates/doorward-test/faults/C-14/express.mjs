import cors from "cors";

export function mend(app) {
  app.use(cors({ origin: ["https://app.example"], preflightContinue: true }));
}
