/** The base of all errors of this client. */
export declare class DoorwardError extends Error {
    /** What went wrong, as a word: a refusal's code, or one that begins with "client/". */
    readonly code: string;
    constructor(code: string, message: string, cause?: unknown);
}
/** The members of a refusal (RFC 9457, and the gate's own). */
export interface Problem {
    code: string;
    type?: string;
    title?: string;
    detail?: string;
    status?: number;
    /** Names the refusal in the gate's log. */
    id?: string;
    /** Whether the backend ran the request. */
    executed?: "no" | "unknown" | "yes";
    /** The gate's time, seconds since 1970. */
    now?: number;
    /** Zero bits that the work for a pass needs. */
    bits?: number;
}
/** The gate refused to give a pass or a ticket. */
export declare class Refused extends DoorwardError {
    readonly problem: Problem;
    /** The gate's answer, its body unread. */
    readonly response: Response;
    constructor(problem: Problem, response: Response);
}
/** The request was sent and no answer came: it may have run. It was not sent again. */
export declare class OutcomeUnknown extends DoorwardError {
    readonly method: string;
    readonly url: string;
    constructor(method: string, url: string, cause?: unknown);
}
export declare function sentence(problem: Problem): string;
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
/**
 * A client of the gate at `gateUrl`: by default the one that this module came from, or the page's
 * own origin. Asks for nothing yet; the first request does, or `gate.ready()`.
 */
export declare function connect(gateUrl?: string | URL, options?: ConnectOptions): Promise<Gate>;
