// A form as bytes (HTML 4.10.22.8). Not every browser reads one with files itself, and what is a
// Blob need not be read to be sent.

import type { Bytes } from "./bytes";

export function blobOf(form: FormData, chance: Bytes): Blob {
  // In hex, for a Blob's type is in lower case.
  const boundary = `doorward${chance.reduce((text, byte) => text + byte.toString(16), "")}`;
  const parts: BlobPart[] = [];
  for (const [name, value] of form) {
    parts.push(`--${boundary}\r\nContent-Disposition: form-data; name="${quoted(lines(name))}"`);
    if (typeof value === "string") parts.push("\r\n\r\n", lines(value));
    else {
      const type = value.type || "application/octet-stream";
      parts.push(`; filename="${quoted(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`, value);
    }
    parts.push("\r\n");
  }
  return new Blob([...parts, `--${boundary}--\r\n`], {
    type: `multipart/form-data; boundary=${boundary}`,
  });
}

function lines(text: string): string {
  return text.replace(/\r\n?|\n/g, "\r\n");
}

function quoted(name: string): string {
  return name.replace(/[\r\n"]/g, encodeURIComponent);
}
