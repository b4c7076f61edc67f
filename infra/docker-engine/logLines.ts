/**
 * The text of a log that Docker sends in frames of an 8-byte header (stream, length) and a payload.
 */
export function logText(raw: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= raw.length;) {
    const length = raw.readUInt32BE(at + 4);
    parts.push(raw.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(parts).toString();
}

/** Its lines, without the empty ones. */
export function plainLines(raw: Buffer): string[] {
  return logText(raw).split('\n').filter(Boolean);
}
