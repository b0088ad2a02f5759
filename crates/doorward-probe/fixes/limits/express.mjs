import { rateLimit } from "express-rate-limit";

/** Twenty a minute for each address of a connection. Preflights are not counted. */
export function mend(app) {
  const skip = (request) => request.method === "OPTIONS";
  app.use(rateLimit({ windowMs: 60_000, limit: 20, skip }));
}
