// Asks as a program does that uses OpenAI's client, unchanged but for its base URL.
//
// Arguments: the folder of packages, the base URL, the key, what to do, the model. Says one line
// of JSON.

import { createRequire } from "node:module";
import { join } from "node:path";

const [packages, baseURL, apiKey, deed, model] = process.argv.slice(2);
const OpenAI = createRequire(join(packages, "/"))("openai");
const client = new OpenAI({ baseURL, apiKey });
const messages = [{ role: "user", content: "Hello" }];
const seen = { pieces: 0 };

const deeds = {
  async whole() {
    const answer = await client.chat.completions.create({ model, messages, max_tokens: 20 });
    return { text: answer.choices[0].message.content, total: answer.usage.total_tokens };
  },
  async stream() {
    let total = null;
    const events = await client.chat.completions.create({
      model,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const event of events) {
      total = event.usage?.total_tokens ?? total;
      seen.pieces += event.choices[0]?.delta.content ? 1 : 0;
    }
    return { total };
  },
  async leave() {
    const events = await client.chat.completions.create({ model, messages, stream: true });
    for await (const event of events) {
      seen.pieces += event.choices[0]?.delta.content ? 1 : 0;
      if (seen.pieces === 3) break;
    }
    return {};
  },
};

let said;
try {
  said = await deeds[deed]();
} catch (error) {
  if (!(error instanceof OpenAI.APIError)) throw error;
  const { status, code, param } = error;
  said = { error: error.constructor.name, status: status ?? null, code, param };
}
console.log(JSON.stringify({ ...seen, ...said }));
