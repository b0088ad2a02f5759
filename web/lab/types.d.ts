// What the server tells, as the page's own modules know it. Read by the checker alone.

export type Side = "off" | "on";
export type Gets =
  | "read" | "hidden" | "opaque" | "throws" | "navigated" | "silent" | "nothing";
export type Ran = "asked" | "executed" | "refused" | "missing";
export type Layers = "all" | { without: string[] } | { only: string };

export interface Story {
  id: string;
  number: string | null;
  letter: string | null;
  room: string;
  title: string;
  story: string;
  ask: {
    question: string; yes: string; no: string; about: "executed" | "read" | "cookie";
    step: number; cookie: string | null;
  };
  lesson: string;
  "not-stopped": string;
  "waits-for": string[];
  "gate-only": boolean;
  passes: boolean;
  cors: string;
  "not-on-http": Record<string, string>;
  "needs-window": Record<Side, boolean>;
  steps: {
    says: string; caller: string; attack: boolean; off: boolean; on: boolean; window: boolean;
    times: number;
  }[];
}

export interface Lab {
  scenarios: Story[];
  cors: { word: string; title: string }[];
  layers: string[];
  columns: string[];
  pages: { word: string; origin: string }[];
  engine: string;
  "engine-name": string;
  naming: "names" | "plain";
  tls: boolean;
  api: string;
  gate: string;
  balances: [string, number][];
  version: string;
}

export interface Rule {
  id: string; section: string; link: string; says: string; detail: string; header: string | null;
}

export interface Message {
  at_us: number;
  exchange: number;
  from: string;
  to: string;
  kind: "request" | "answer" | "broken";
  method?: string;
  target?: string;
  status?: number;
  headers?: [string, string][];
}

export interface Predicted {
  gets: Gets | null; backend: Ran[]; executed: number; gate: string | null; cookies: string[];
  origin: string | null; "from-cache": boolean; rules: Rule[]; console: string | null;
}

export interface Price {
  passes: number; refused: number; bits: number; "work-ms": number;
}

export interface Step {
  step: number;
  says: string;
  caller: string;
  shown: string;
  predicted: Predicted;
  elsewhere: { engine: string; predicted: Predicted }[];
  seen: {
    gets: Gets | null; status: number | null; error: string; headers: Record<string, string>;
    body: string; cookies: string[]; "set-cookies": string[]; origin: string | null;
    backend: Ran[]; executed: number;
    log: { kind: Ran; request: string; origin: string | null; what: string }[];
    gate: string | null; statuses: Record<string, number>; "retry-after": boolean;
    "from-cache": boolean; moved: number; price: Price | null; "shows-key": boolean;
  };
  expected: { "shows-key"?: boolean | null } | null;
  faults: { kind: "seen" | "predicted"; about: string; wanted: string; got: string }[];
  wire: Message[];
}

export interface RanStory {
  run: number;
  scenario: string;
  gate: Side;
  engine: string;
  cors: string;
  layers: Layers;
  config: string | null;
  steps: Step[];
  ok: boolean;
  balances: [string, number][];
}

export interface Route {
  view: "home" | "story" | "matrix" | "table" | "desk" | "builder" | "explain";
  id: string;
  side: Side;
  cors: string;
  off: string[];
  step: number;
}
