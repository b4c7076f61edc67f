import { readFileSync, writeFileSync } from 'node:fs';
import { parseDocument } from 'yaml';

/**
 * Sets values in a stack's file; comments and order stay.
 *
 * @param file its path
 * @param values by their place, such as `config`, `slipway:image`
 */
export function editStackFile(file: string, values: [place: string[], value: string][]): void {
  const document = parseDocument(readFileSync(file, 'utf8'));
  for (const [place, value] of values) document.setIn(place, value);
  writeFileSync(file, document.toString({ lineWidth: 0 }));
}
