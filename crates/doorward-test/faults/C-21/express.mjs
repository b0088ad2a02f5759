const LIST = ["https://app.example"];

export function mend(app) {
  app.use((request, response, next) => {
    const origin = request.get("origin");
    if (LIST.includes(origin)) response.set("Access-Control-Allow-Origin", origin);
    next();
  });
}
