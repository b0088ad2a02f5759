// A small Express application on a free port of this machine, which it prints. What is wrong with
// it, or what mends it, stands beside it in `part.mjs`; both are written by a test.
import express from "express";
import * as part from "./part.mjs";

const app = express();
part.mend?.(app);

app.get("/data", (request, response) => {
  response.set({ "Cache-Control": "public, max-age=60", "X-Total-Count": "1" });
  response.json({ items: ["apple"] });
});
app.get("/me", (request, response) => {
  if (request.get("cookie") === "session=of-ann") return response.json({ name: "ann" });
  return response.status(401).json({ error: "who is it?" });
});
app.get("/form", (request, response) => {
  response.type("html").send("<form method=post action=/notes><input name=text></form>");
});
app.all("/private", (request, response) => {
  if (request.get("authorization") === "Bearer of-ann") return response.json({ name: "ann" });
  return response.status(401).set("WWW-Authenticate", "Bearer").json({ error: "who is it?" });
});
app.post("/login", (request, response) => {
  part.signIn?.(response, "of-ann");
  response.json({ welcome: "ann" });
});
app.post("/notes", (request, response) => {
  let body = "";
  request.setEncoding("utf8").on("data", (text) => { body += text; }).on("end", () => {
    response.status(201).json({ noted: body.length > 0 });
  });
});

const server = app.listen(0, "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
