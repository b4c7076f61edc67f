/** The Docker engine's own words about an error, without those of the client around them. */
export function engineReason(error: unknown): string {
  const { json, message } = error as { json?: { message?: string }; message?: string };
  return json?.message ?? message ?? String(error);
}
