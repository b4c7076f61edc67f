import type Docker from 'dockerode';

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

/** The last lines a container wrote; none when they cannot be had. */
export async function lastLines(container: Docker.Container, tail: number): Promise<string[]> {
  const raw = await container
    .logs({ stdout: true, stderr: true, tail })
    .catch(() => Buffer.alloc(0));
  return plainLines(raw as Buffer);
}
