// The address that axios makes of `baseURL`, `url` and `params`.

import type { AxiosConfig } from "./axios";

type Encode = (text: string) => string;

interface Serializer {
  serialize?(params: unknown, options?: unknown): string;
  encode?: Encode;
  /** Places of an array: null "a", false "a[]", true "a[0]". */
  indexes?: boolean | null;
}

export function axiosAddress(config: AxiosConfig): string {
  const { url = "", baseURL, params, allowAbsoluteUrls = true } = config;
  const isAbsolute = /^([a-z][a-z\d+\-.]*:)?\/\//i.test(url);
  let address = url;
  if (baseURL && !(isAbsolute && allowAbsoluteUrls)) {
    const trimmed = baseURL.replace(/\/?\/$/, "");
    address = url ? `${trimmed}/${url.replace(/^\/+/, "")}` : baseURL;
  }
  if (!params) return address;
  const query = queryOf(params, config.paramsSerializer);
  if (!query) return address;
  const bare = address.split("#")[0]!;
  return `${bare}${bare.includes("?") ? "&" : "?"}${query}`;
}

function queryOf(params: unknown, serializer: unknown): string {
  if (typeof serializer === "function") return serializer(params);
  const { serialize, encode = plain, indexes = false } = (serializer ?? {}) as Serializer;
  if (serialize) return serialize(params, serializer);
  if (params instanceof URLSearchParams) return params.toString();
  return pairs("", params, indexes)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join("&");
}

/** What axios leaves readable. */
function plain(text: string): string {
  return encodeURIComponent(text)
    .replace(/%3A/gi, ":").replace(/%24/g, "$").replace(/%2C/gi, ",").replace(/%20/g, "+");
}

function pairs(name: string, value: unknown, indexes: Serializer["indexes"]): [string, string][] {
  if (value === undefined || (name && value === null)) return [];
  if (value instanceof Date) return [[name, value.toISOString()]];
  if (typeof value !== "object" || value === null) return [[name, String(value)]];
  const isFlat = Array.isArray(value) && !value.some((one) => typeof one === "object" && one);
  return Object.entries(value).flatMap(([key, one]) => {
    const place = isFlat ? flat(key, indexes) : `[${key}]`;
    return pairs(name ? name + place : key, one, indexes);
  });
}

function flat(key: string, indexes: Serializer["indexes"]): string {
  if (indexes === null) return "";
  return indexes ? `[${key}]` : "[]";
}
