import { rateLimit } from "express-rate-limit";

export function mend(app) {
  app.use(rateLimit({ windowMs: 60_000, limit: 20 }));
}
