import type { Cursors } from './cursor.ts';

/** A page from a repository: the items as one JSON text; the last item's key if more follow. */
export interface PageRows {
  items: string;
  last: string | null;
}

export function pageJson({ items, last }: PageRows, list: string, cursors: Cursors): string {
  const next = last === null ? null : cursors.encode(list, last);
  return `{"items":${items},"next":${JSON.stringify(next)}}`;
}

/**
 * SQL that turns a CTE `page` of up to `limit + 1` rows into a `PageRows`. The CTE has the columns
 * `json`, `key` and `n`, the row's number from 1. The row past the limit only shows that there is a
 * next page.
 *
 * @param limit the parameter that holds the limit, such as `$3`
 */
export const foldPage = (limit: string): string =>
  `coalesce(json_agg(page.json ORDER BY page.n) FILTER (WHERE page.n <= ${limit}), '[]')::text AS items,
   CASE WHEN count(page.n) > ${limit} THEN (array_agg(page.key ORDER BY page.n))[${limit}]::text END AS last`;
