/** The lines of a log that Docker sends in frames of an 8-byte header (stream, length) and a payload. */
export function plainLines(raw: Buffer): string[] {
  const parts: string[] = [];
  for (let at = 0; at + 8 <= raw.length;) {
    const length = raw.readUInt32BE(at + 4);
    parts.push(raw.subarray(at + 8, at + 8 + length).toString());
    at += 8 + length;
  }
  return parts.join('').split('\n').filter(Boolean);
}
