import { commentLimit, markdown } from './markdown.ts';
import type { Report } from './report.ts';

/** The forms of a report, by what REPORT calls them. */
export const formats = {
  /** For a comment on a pull request: never longer than one may be. */
  md: (report: Report) => markdown(report, commentLimit),
  /** One page, all of it. Its library is loaded for it alone. */
  html: async (report: Report) => (await import('./html.ts')).html(report),
  json: (report: Report) => `${JSON.stringify(report, null, 2)}\n`,
  /** For a terminal. */
  text: (report: Report) => withoutFolds(markdown(report)),
} satisfies Record<string, (report: Report) => string | Promise<string>>;

export type Format = keyof typeof formats;

export const isFormat = (name: string): name is Format => Object.hasOwn(formats, name);

const withoutFolds = (text: string): string =>
  text
    .replace(
      /<details[^>]*><summary>(.*?)<\/summary>\n/g,
      (_, summary: string) => `### ${unescape(summary)}\n`,
    )
    .replace(/\n*<\/details>/g, '');

const unescape = (summary: string): string =>
  summary
    .replace(/<\/?code>/g, '`')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&');
