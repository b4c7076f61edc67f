/** What the Docker engine says is wrong, without the client's words around it. */
export function engineReason(error: unknown): string {
  const { json, message } = error as { json?: { message?: string }; message?: string };
  return json?.message ?? message ?? String(error);
}
