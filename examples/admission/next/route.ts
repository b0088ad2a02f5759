// Next.js: app/api/data/route.ts, on the Node runtime. Wrap every handler.
import { admitted } from "../admission.mjs";

export const runtime = "nodejs";

type Handler = (request: Request, body: Buffer) => Promise<Response>;

const guarded = (handler: Handler) => async (request: Request) => {
  const body = Buffer.from(await request.arrayBuffer());
  const url = new URL(request.url);
  // Path and query; an empty query keeps its question mark this way. `basePath` is part of it.
  const target = url.href.slice(url.origin.length);
  const proof = request.headers.get("doorward-admitted");
  if (!admitted(proof, request.method, target, body)) {
    return Response.json({ error: "this request did not come through the gate" }, { status: 403 });
  }
  return handler(request, body);
};

export const GET = guarded(async () => Response.json({ items: [] }));
export const POST = guarded(async (_request, body) => Response.json({ bytes: body.length }));
