const OURS = ["https://api.example", "https://app.example"];

/** A request that may change something is refused if its page is none of ours. */
export function mend(app) {
  app.use((request, response, next) => {
    const isSafe = ["GET", "HEAD", "OPTIONS"].includes(request.method);
    const origin = request.get("origin");
    const site = request.get("sec-fetch-site") ?? "none";
    const isOurs = origin ? OURS.includes(origin) : ["same-origin", "none"].includes(site);
    if (isSafe || isOurs) return next();
    return response.status(403).json({ error: "this comes from another site" });
  });
}
