/** Credentials that can be recognised by their shape. */
const shapes: [RegExp, string][] = [
  [/\b(AKIA|ASIA)[0-9A-Z]{16}\b/, 'an AWS access key id'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'a private key'],
  [/\bgh[pousr]_[A-Za-z0-9]{36,}/, 'a GitHub token'],
  [/\bxox[abprs]-[A-Za-z0-9-]{10,}/, 'a Slack token'],
  [/\b(sk|rk)[-_](live|test|proj|ant)?[-_]?[A-Za-z0-9]{20,}/, 'an API key'],
  [/\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\./, 'a JSON Web Token'],
  [/^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i, 'a URL with a password'],
];

const secretName =
  /(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIALS?|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|ENCRYPTION_?KEY|SIGNING_?KEY|ECS_ENGINE_AUTH_DATA)/;
/** Endings of names that describe a secret, such as its place or its life time. */
const aboutSecrets =
  /_(FILE|PATH|DIR|ARN|NAME|ID|URL|ISSUER|AUDIENCE|TTL|SECONDS|MINUTES|HOURS|DAYS|MS|LENGTH|ALGORITHM|TYPE|HEADER|ENABLED)$/;

/**
 * Why a plain environment variable looks like a secret; undefined when it does not. The reason
 * never repeats the value.
 *
 * @param name of the variable
 */
export function plainSecret(name: string, value: string): string | undefined {
  const shape = shapes.find(([pattern]) => pattern.test(value));
  if (shape) return `its value is ${shape[1]}`;
  const upper = name.toUpperCase();
  if (isHarmless(value)) return undefined;
  if (upper === 'AWS_ACCESS_KEY_ID') return 'it is named like a secret';
  if (secretName.test(upper) && !aboutSecrets.test(upper)) return 'it is named like a secret';
  return isRandom(value) ? 'its value looks random' : undefined;
}

/** Flags and short numbers are never secrets, whatever the name of the variable. */
function isHarmless(value: string): boolean {
  return value === '' || /^(true|false|on|off|yes|no|none|\d{1,7})$/i.test(value);
}

/** Whether a text is long, has no blanks or punctuation, and varies more than words do. */
function isRandom(value: string): boolean {
  if (/^[0-9a-f]{32,}$/i.test(value)) return entropy(value) > 3;
  if (!/^[A-Za-z0-9+/_=-]{24,}$/.test(value) || value.startsWith('/')) return false;
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/].filter((kind) => kind.test(value)).length;
  return kinds === 3 && entropy(value) > 4;
}

/** Shannon entropy, in bits per character. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce(
    (sum, count) => sum - (count / text.length) * Math.log2(count / text.length),
    0,
  );
}
