import { PolicyPack } from '@pulumi/policy';
import { createPolicies } from './pack.ts';
import { allRules } from './rules/all.ts';
import { Session } from './judge/session.ts';
import { stackSettings } from './judge/stackFile.ts';

// What a stack is held to when it is previewed and updated. docs/policy.md lists the rules.
new PolicyPack('slipway', {
  policies: createPolicies(allRules, new Session(allRules, stackSettings)),
});
