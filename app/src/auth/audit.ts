import { createHmac } from 'node:crypto';
import type { Logger } from 'pino';

/** What is kept track of: who came in, who was refused, who left. */
export type AuditEvent =
  | 'account-created'
  | 'account-refused'
  | 'signed-in'
  | 'sign-in-failed'
  | 'signed-out'
  | 'refresh-token-reused';

/**
 * Writes one line of the audit trail into the log: the event as `audit`, beside the request's id and
 * the client's address that the request's logger adds. No password, token or e-mail address.
 */
export function audit(
  log: Logger,
  event: AuditEvent,
  about: { userId?: string; sessionId?: string; account?: string },
): void {
  const refused = /failed|refused|reused/.test(event);
  log[refused ? 'warn' : 'info']({ audit: event, ...about }, event.replaceAll('-', ' '));
}

/**
 * Stands for an e-mail address that somebody typed: the same one gives the same text, and nobody
 * without the key can tell which it was.
 */
export const accountHash = (secret: string, email: string): string =>
  createHmac('sha256', secret)
    .update(`audit\n${email.toLowerCase()}`)
    .digest('base64url')
    .slice(0, 22);
