import { stripVTControlCharacters } from 'node:util';

/** A message of the engine without its marks of colour. */
export const plain = (text: string): string =>
  stripVTControlCharacters(text.replace(/<\{%[^%]*%\}>/g, '')).trimEnd();
