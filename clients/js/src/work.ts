// work.js: what auto.js loads when it needs it. In a Worker it answers messages; in a page it
// leaves its functions where auto.js looks for them.

import { code } from "./solver";

const scope = globalThis as unknown as {
  doorwardWork?: typeof code;
  DedicatedWorkerGlobalScope?: unknown;
  onmessage: (event: MessageEvent) => void;
  postMessage(message: unknown): void;
};

scope.doorwardWork = code;
if (scope.DedicatedWorkerGlobalScope) {
  scope.onmessage = ({ data: [text, bits] }: MessageEvent) => {
    scope.postMessage(code.solve(text, bits));
  };
}
