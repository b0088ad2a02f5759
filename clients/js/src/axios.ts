// An adapter of axios, written against its documented contract: it is given the merged
// configuration, with the body transformed already, and answers as axios's own adapters do.

import type { AxiosAdapter } from "./api";
import { DoorwardError } from "./errors";
import { axiosAddress } from "./axios-address";
import type { World } from "./world";

/** The members of axios's configuration that an adapter heeds. */
export interface AxiosConfig {
  url?: string;
  baseURL?: string;
  allowAbsoluteUrls?: boolean;
  method?: string;
  params?: unknown;
  paramsSerializer?: unknown;
  headers?: { toJSON?(): object };
  data?: BodyInit | null;
  auth?: { username?: string; password?: string };
  responseType?: string;
  timeout?: number;
  timeoutErrorMessage?: string;
  signal?: AbortSignal;
  cancelToken?: { promise: Promise<unknown>; reason?: unknown };
  withCredentials?: boolean;
  withXSRFToken?: boolean | ((config: AxiosConfig) => boolean);
  xsrfCookieName?: string;
  xsrfHeaderName?: string;
  fetchOptions?: RequestInit;
  validateStatus?: ((status: number) => boolean) | null;
}

interface Answer {
  data: unknown;
  status: number;
  statusText: string;
  headers: Record<string, string>;
  config: AxiosConfig;
  request: unknown;
}

export function axiosAdapter(send: typeof fetch, world: World): AxiosAdapter {
  return async (config: AxiosConfig) => {
    const stop = stopOf(config);
    const url = axiosAddress(config);
    try {
      const init = initOf(config, new URL(url, world.base()), world);
      const response = await send(url, { ...init, signal: stop.signal });
      const answer = await answerOf(response, config);
      const { validateStatus } = config;
      if (!validateStatus || validateStatus(answer.status)) return answer;
      const code = answer.status < 500 ? "ERR_BAD_REQUEST" : "ERR_BAD_RESPONSE";
      throw fault(`Request failed with status code ${answer.status}`, code, config, answer);
    } catch (error) {
      throw stop.signal.aborted ? stop.signal.reason : told(error, config);
    } finally {
      stop.end();
    }
  };
}

/** One signal of the three ways in which axios's calls end early. */
function stopOf(config: AxiosConfig): { signal: AbortSignal; end(): void } {
  const { signal, cancelToken, timeout } = config;
  const controller = new AbortController();
  const cancel = () => controller.abort(
    Object.assign(fault("canceled", "ERR_CANCELED", config), canceled),
  );
  const late = config.timeoutErrorMessage ?? `timeout of ${timeout}ms exceeded`;
  const timer = timeout
    ? setTimeout(() => controller.abort(fault(late, "ECONNABORTED", config)), timeout)
    : undefined;
  if (signal?.aborted) cancel();
  signal?.addEventListener("abort", cancel);
  cancelToken?.promise.then((reason) => controller.abort(reason));
  const end = () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", cancel);
  };
  return { signal: controller.signal, end };
}

/** What axios.isCancel looks for. */
const canceled = { name: "CanceledError", __CANCEL__: true };

function initOf(config: AxiosConfig, url: URL, world: World): RequestInit {
  const { data: body = null, auth, withCredentials, fetchOptions } = config;
  const method = (config.method ?? "get").toUpperCase();
  const headers = new Headers();
  const given = Object.entries(config.headers?.toJSON?.() ?? config.headers ?? {});
  for (const [name, value] of given) {
    if (value !== false && value != null) headers.set(name, String(value));
  }
  // A form's type has a boundary, which only fetch knows; without a body there is no type.
  if (body === null || body instanceof FormData) headers.delete("Content-Type");
  if (auth) {
    const { username = "", password = "" } = auth;
    const text = String.fromCharCode(...new TextEncoder().encode(`${username}:${password}`));
    headers.set("Authorization", `Basic ${btoa(text)}`);
  }
  const [name, token] = crossSiteToken(config, url, world);
  if (token) headers.set(name, token);
  const credentials = withCredentials ? "include" : "same-origin";
  const isBare = method === "GET" || method === "HEAD";
  return { credentials, ...fetchOptions, method, headers, body: isBare ? null : body };
}

/** The header against forged requests that axios adds to requests of the page's own origin. */
function crossSiteToken(config: AxiosConfig, url: URL, world: World): [string, string] {
  const { withXSRFToken, xsrfCookieName = "", xsrfHeaderName = "" } = config;
  const wish = typeof withXSRFToken === "function" ? withXSRFToken(config) : withXSRFToken;
  const isWanted = wish ?? url.origin === world.origin;
  if (!isWanted || !xsrfCookieName || typeof document === "undefined") return ["", ""];
  const cookies = document.cookie.split("; ");
  const found = cookies.find((cookie) => cookie.startsWith(`${xsrfCookieName}=`));
  const value = found?.slice(xsrfCookieName.length + 1) ?? "";
  return [xsrfHeaderName, decodeURIComponent(value)];
}

async function answerOf(response: Response, config: AxiosConfig): Promise<Answer> {
  const { status, statusText } = response;
  const headers = Object.fromEntries(response.headers);
  const data = await bodyAs(response, config);
  return { data, status, statusText, headers, config, request: response };
}

function bodyAs(response: Response, { responseType }: AxiosConfig): unknown {
  if (responseType === "stream") return response.body;
  if (responseType === "arraybuffer") return response.arrayBuffer();
  if (responseType === "blob") return response.blob();
  // Axios itself reads JSON.
  return response.text();
}

function told(error: unknown, config: AxiosConfig): unknown {
  if ((error as { isAxiosError?: boolean })?.isAxiosError) return error;
  const isOurs = error instanceof DoorwardError;
  const message = isOurs ? error.message : "Network Error";
  const code = isOurs ? error.code : "ERR_NETWORK";
  return Object.assign(fault(message, code, config), { cause: error });
}

/** An error that axios.isAxiosError takes for one. */
function fault(message: string, code: string, config: AxiosConfig, response?: Answer): Error {
  const { status, request } = response ?? {};
  const members = { name: "AxiosError", isAxiosError: true, code, config };
  const toJSON = () => ({ message, name: "AxiosError", code, status: status ?? null });
  return Object.assign(new Error(message), members, { response, request, status, toJSON });
}
