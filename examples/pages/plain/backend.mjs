// A small shop: node backend.mjs [PORT]. It knows nothing of Doorward, of pages or of CORS, and
// tells each request that it runs.
import { createServer } from "node:http";

const products = [{ id: 1, name: "Tea" }, { id: 2, name: "Bread" }];
const orders = [];

const server = createServer(async (request, response) => {
  const call = `${request.method} ${request.url}`;
  console.log(`ran ${call}`);
  const answer = (status, value) => {
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
  };
  if (call === "GET /api/products") return answer(200, products);
  if (call !== "POST /api/orders") return answer(404, { error: "not here" });
  const product = await read(request).catch(() => undefined);
  if (!product) return answer(400, { error: "no such product" });
  orders.push(product);
  answer(201, { order: orders.length, of: product.name });
});

async function read(request) {
  let text = "";
  for await (const piece of request) text += piece;
  const { product } = JSON.parse(text);
  return products.find(({ id }) => id === product);
}

server.listen(Number(process.argv[2] ?? 3000), "127.0.0.1", () => {
  console.log(`the shop is at http://127.0.0.1:${server.address().port}`);
});
