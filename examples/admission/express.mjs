// Express: before every other middleware and route.
import express from "express";
import { admitted } from "./admission.mjs";

const app = express();
// Only where a route binds its body: the bytes as they came, up to 1 MiB, as in the gate.
app.use(express.raw({ type: () => true, limit: "1mb" }));
app.use((request, response, next) => {
  const proof = request.get("doorward-admitted");
  // originalUrl is the target as it arrived; url has lost the prefix of a router.
  const body = Buffer.isBuffer(request.body) ? request.body : "";
  if (admitted(proof, request.method, request.originalUrl, body)) return next();
  response.status(403).json({ error: "this request did not come through the gate" });
});

app.get("/api/data", (request, response) => response.json({ items: [] }));
app.listen(3000, "127.0.0.1");
