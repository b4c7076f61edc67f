import type { Request } from 'express';
import ipaddr from 'ipaddr.js';

/** The client's address, as the trusted proxies tell it. */
export const addressOf = (req: Pick<Request, 'ip'>): string => req.ip ?? 'unknown';

/**
 * What an address is counted under: whoever has one address of IPv6 has its whole /64 and could
 * take another for each attempt.
 */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const prefix = (parsed as ipaddr.IPv6).parts.slice(0, 4).map((part) => part.toString(16));
  return `${prefix.join(':')}::/64`;
}
