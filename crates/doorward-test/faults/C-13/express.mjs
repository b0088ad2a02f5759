import cors from "cors";

export function mend(app) {
  app.use("/data", (request, response, next) => {
    if (request.path !== "/") return next();
    return cors({ origin: ["https://app.example"] })(request, response, next);
  });
}
