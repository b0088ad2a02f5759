// What a page sees.

export interface ConnectOptions {
  /** The page's origin, where there is no page: in Node. */
  origin?: string;
  /** Where the gate's own addresses begin, if not at "/.doorward". */
  endpoints?: string;
  /** Paths that are guarded, if not all: "/api/*". */
  guard?: string[];
  /** The fetch to send with. */
  fetch?: typeof fetch;
  /** Clocks in milliseconds, for tests: one that only grows, and the machine's. */
  monotonic?(): number;
  wall?(): number;
}

export interface TicketOptions {
  /** GET by default. */
  method?: string;
  /** For more than one use: seconds, or "90s", "10m", "1h". The route must allow it. */
  for?: number | string;
  signal?: AbortSignal;
}

/** What axios calls to send a request; see axios.create({ adapter }). */
export type AxiosAdapter = (config: any) => Promise<any>;

export interface Gate {
  /** As fetch; signs what goes to the gate and leaves everything else alone. */
  fetch: typeof fetch;
  /** A ticket for one request that cannot carry headers. Throws `Refused`. */
  ticket(url: string | URL, options?: TicketOptions): Promise<string>;
  /** The address with such a ticket. */
  link(url: string | URL, options?: TicketOptions): Promise<string>;
  EventSource: typeof EventSource;
  WebSocket: typeof WebSocket;
  sendBeacon(url: string | URL, body?: BodyInit | null): boolean;
  axios: AxiosAdapter;
  /** Asks for a pass now, ahead of the first request. Throws `Refused`. */
  ready(): Promise<void>;
}
