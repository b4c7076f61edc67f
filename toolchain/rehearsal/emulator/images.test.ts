import { expect, test } from 'vitest';
import { withoutLogin } from './images.ts';

test('an index with a login is refused before it can get into an image, and not repeated', () => {
  const refused = () => withoutLogin('https://joe:s3cret@pypi.example/simple');
  expect(refused).toThrow(/PIP_INDEX_URL holds a login/);
  expect(refused).not.toThrow(/s3cret/);
  expect(withoutLogin('https://pypi.example/simple')).toBe('https://pypi.example/simple');
  expect(withoutLogin(undefined)).toBeUndefined();
});
