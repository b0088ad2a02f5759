import cors from "cors";

export function mend(app) {
  app.options("/{*rest}", cors());
  app.use(cors({ origin: ["https://app.example"] }));
}
