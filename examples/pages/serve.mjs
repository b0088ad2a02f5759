// Serves the files of a folder: node serve.mjs FOLDER [PORT]
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, resolve, sep } from "node:path";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
const [folder = ".", port = 5173] = process.argv.slice(2);
const root = resolve(folder);

const server = createServer(async (request, response) => {
  try {
    const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    const file = join(root, path.endsWith("/") ? `${path}index.html` : path);
    if (!file.startsWith(root + sep)) throw new Error("outside");
    const text = await readFile(file);
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { "Content-Type": type, "Cache-Control": "no-store" }).end(text);
  } catch {
    response.writeHead(404).end();
  }
});

server.listen(Number(port), "localhost", () => {
  console.log(`the page is at http://localhost:${server.address().port}`);
});
