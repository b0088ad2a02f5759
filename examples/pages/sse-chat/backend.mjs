// Stands for a paid model: node backend.mjs [PORT]. It asks for its key, streams words, and tells
// each request that it runs. It knows nothing of Doorward, of pages or of CORS.
import { createServer } from "node:http";
import { setTimeout as after } from "node:timers/promises";

const KEY = process.env.MODEL_KEY;
if (!KEY) throw new Error("set MODEL_KEY, for the gate too");
const BETWEEN_WORDS_MS = 80;
const NEWS = "Every door of the town was open today and nobody came in twice.";

const server = createServer(async (request, response) => {
  const call = `${request.method} ${request.url}`;
  console.log(`ran ${call}`);
  if (call === "GET /v1/news") return stream(response, NEWS);
  if (call !== "POST /v1/chat") return response.writeHead(404).end();
  if (request.headers.authorization !== `Bearer ${KEY}`) return response.writeHead(401).end();
  const { question } = await read(request).catch(() => ({}));
  if (typeof question !== "string") return response.writeHead(400).end();
  stream(response, `You asked: ${question} That depends on who is at the door.`);
});

async function read(request) {
  let text = "";
  for await (const piece of request) text += piece;
  return JSON.parse(text);
}

async function stream(response, text) {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  for (const word of text.split(" ")) {
    response.write(`data: ${word}\n\n`);
    await after(BETWEEN_WORDS_MS);
  }
  response.end("event: end\ndata:\n\n");
}

server.listen(Number(process.argv[2] ?? 3000), "127.0.0.1", () => {
  console.log(`the model is at http://127.0.0.1:${server.address().port}`);
});
