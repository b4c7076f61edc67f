import { describe, expect, it } from 'vitest';
import { MockedStack } from './test-support/program.ts';
describe('x', () => { it('y', async () => { const s = await MockedStack.run(); console.log(s.counts()); expect(s.recorded.length).toBeGreaterThan(50); console.log(JSON.stringify(s.inputs('aws:ecs/taskDefinition:TaskDefinition','api-definition'),null,1))})});
