// Reads text/event-stream (HTML 9.2.6).

export interface Message {
  type: string;
  text: string;
}

export interface Reader {
  /** What the next connection begins behind. */
  lastId: string;
  retryMs: number;
  /** Forgets what the last connection left half told. */
  begin(): void;
  /** The messages that are whole with this piece. */
  read(piece: string): Message[];
}

export function readerOf(): Reader {
  let rest = "";
  let type = "";
  let lines: string[] = [];
  let id = "";

  const take = (line: string): Message[] => {
    if (!line) return whole();
    const [, name, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === "data") lines.push(value);
    if (name === "event") type = value;
    if (name === "id" && !value.includes("\0")) id = value;
    if (name === "retry" && /^\d+$/.test(value)) reader.retryMs = Number(value);
    return [];
  };

  const whole = (): Message[] => {
    const message = { type: type || "message", text: lines.join("\n") };
    const messages = lines.length ? [message] : [];
    reader.lastId = id;
    type = "";
    lines = [];
    return messages;
  };

  const reader: Reader = {
    lastId: "",
    retryMs: 3_000,
    begin: () => {
      rest = type = "";
      lines = [];
      id = reader.lastId;
    },
    read: (piece) => {
      const all = (rest + piece).split(/\r\n|\n|\r(?!$)/);
      // A return at the end may be half of a line's end: it stays with what is not whole.
      rest = all.pop()!;
      return all.flatMap(take);
    },
  };
  return reader;
}
