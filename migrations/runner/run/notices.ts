import type { Client } from 'pg';

/** What the server sends beside its answers. */
interface Notice {
  severity?: string | undefined;
  message?: string | undefined;
  detail?: string | undefined;
  hint?: string | undefined;
}

/** How many of each severity a file may say, and how long each may be, in characters. */
const atMost = 100;
const longest = 2_000;

/**
 * Passes on what a file says while it runs, by `RAISE` or through the server: one line each, such as
 * `0005_topics: WARNING: 3 rows have no topic`. A loop that says something for each row must not
 * fill the log, so only the first ones are passed on, warnings counted apart from the rest.
 *
 * @returns ends it, and says how many were left out
 */
export function passOnNotices(
  client: Client,
  name: string,
  say: (line: string) => void,
): () => void {
  const said = new Map<string, number>();
  const onNotice = (notice: Notice): void => {
    const severity = notice.severity ?? 'NOTICE';
    const count = (said.get(severity) ?? 0) + 1;
    said.set(severity, count);
    if (count <= atMost) say(`${name}: ${severity}: ${textOf(notice)}`);
  };
  client.on('notice', onNotice);
  return () => {
    client.off('notice', onNotice);
    for (const [severity, count] of said) {
      if (count > atMost) say(`${name}: ${severity}: ${count - atMost} more of these are left out`);
    }
  };
}

/** Whether a line of a task's log is a warning that `passOnNotices` passed on. */
export const isWarning = (line: string): boolean =>
  /^(\(earlier task\) )?[\w.-]+: WARNING: /.test(line);

/** On one line, whatever the file wrote into it. */
function textOf({ message, detail, hint }: Notice): string {
  const whole = [message, detail && `Detail: ${detail}`, hint && `Hint: ${hint}`]
    .filter(Boolean)
    .join(' ');
  const text = whole.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
  return text.length > longest ? `${text.slice(0, longest)} …` : text;
}
