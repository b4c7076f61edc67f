import { createHash } from 'node:crypto';
import type { Route } from '../../release/route.ts';

/** One rule of the load balancer's listener. */
export interface ListenerRulePlan {
  /** Unique and steady, for the resource's logical name, such as `api-prefix`. */
  name: string;
  /** 1 to 50000; the lowest that matches decides. */
  priority: number;
  /** `*` stands for any text, the empty one too. */
  pathPattern: string;
  service: string;
}

/** A listener takes 100 rules. */
const mostRules = 100;
const longestPattern = 128;
/** Priorities below this are for exact paths. */
const exactPriorities = 10_000;
/** Priorities for the prefixes of one length: 128 lengths fit below 50,000. */
const prefixPriorities = 300;

/**
 * The route table as rules: an exact path before every prefix, a longer prefix before a shorter
 * one, as nginx chooses. One rule for each route, so AWS's five values a rule are never reached. A
 * priority comes from the route alone, not from its place in the table: a new route changes no
 * other rule, and no two rules ever swap priorities, which AWS refuses.
 */
export function listenerRules(routes: Route[]): ListenerRulePlan[] {
  if (routes.length > mostRules)
    throw new RangeError(`${routes.length} routes: a listener takes ${mostRules} rules`);
  const taken = new Set<number>();
  const sorted = [...routes].sort((a, b) => key(a).localeCompare(key(b), 'en'));
  return sorted.map((route) => {
    const pathPattern = route.match === 'exact' ? route.path : `${route.path}*`;
    if (/[*?]/.test(route.path))
      throw new RangeError(`route ${route.path}: a load balancer reads * and ? as wildcards`);
    if (pathPattern.length > longestPattern) {
      throw new RangeError(
        `route ${route.path}: a load balancer takes ${longestPattern} characters`,
      );
    }
    const [from, count] =
      route.match === 'exact'
        ? [1, exactPriorities - 1]
        : [
            exactPriorities + (longestPattern - route.path.length) * prefixPriorities,
            prefixPriorities,
          ];
    let offset = hash(route.path) % count;
    while (taken.has(from + offset)) offset = (offset + 1) % count;
    taken.add(from + offset);
    return { name: ruleName(route), priority: from + offset, pathPattern, service: route.service };
  });
}

function key(route: Route): string {
  return `${route.match} ${route.path}`;
}

/**
 * `/health/ready` → `health-ready-exact`. Two paths that differ only in their punctuation are told
 * apart by a hash.
 */
function ruleName(route: Route): string {
  const words = route.path.split('/').filter(Boolean).join('-') || 'root';
  const plain = /^\/([a-z0-9]+(\/[a-z0-9]+)*\/?)?$/.test(route.path);
  const trailing =
    route.match === 'exact' && route.path.length > 1 && route.path.endsWith('/') ? '-slash' : '';
  const open = route.match === 'prefix' && !route.path.endsWith('/') ? '-open' : '';
  return `${words}${trailing}${open}-${route.match}${plain ? '' : `-${hash(route.path).toString(16)}`}`;
}

function hash(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0);
}
