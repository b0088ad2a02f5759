// Waiting that ends when the page gives up.

/** Waits for something, but no longer than the page does. */
export function orAborted<T>(what: Promise<T>, signal?: AbortSignal | null): Promise<T> {
  if (!signal) return what;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    what.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

export function pause(milliseconds: number, signal?: AbortSignal | null): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  return orAborted(over, signal).finally(() => clearTimeout(timer));
}
