import { expect, it } from 'vitest';
import { stackKey } from './stackKey.ts';

it('reads a value as the program does, quoted or not', () => {
  expect(stackKey('gatewayPort', '18000')).toBe(18000);
  expect(stackKey('gatewayPort', 18000)).toBe(18000);
  expect(stackKey('databaseSchema', 'chat')).toBe('chat');
});

it('gives the default for a value that no stack came up with', () => {
  expect(stackKey('databaseSchema', 'public; drop')).toBe('public');
  expect(stackKey('databaseSchema', 'pg_chat')).toBe('public');
  expect(stackKey('gatewayPort', '80')).toBe(8000);
});
