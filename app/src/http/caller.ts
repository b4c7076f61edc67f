import type { Request } from 'express';

/** Who a request comes from. */
export interface Caller {
  userId: string;
  role: 'member' | 'admin';
  /** The sign-in that the access token belongs to. */
  sessionId: string;
}

const callers = new WeakMap<Request, Caller>();

/** Notes who sent the request, once that is proved. */
export function setCaller(req: Request, caller: Caller): void {
  callers.set(req, caller);
}

/** Who sent the request, if that was proved. */
export const knownCaller = (req: Request): Caller | undefined => callers.get(req);

/** Who sent the request. Use it only on routes that stand behind `authenticate`. */
export function callerOf(req: Request): Caller {
  const caller = callers.get(req);
  if (!caller) throw new Error('callerOf was used on a route without authenticate.');
  return caller;
}
