import { companionsOf } from '../../judge/companions.ts';
import { publicPolicyRule } from '../publicPolicyRule.ts';
import type { Rule } from '../rule.ts';

const webAcl = 'aws:wafv2/webAcl:WebAcl';
const topic = 'aws:sns/topic:Topic';

/** Web ACLs, certificates and topics. */
export const edgeRules: Rule[] = [
  {
    id: 'waf-has-rules',
    controls: ['WAF.10'],
    title: 'Web ACLs have a rule',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Add a rule or a managed group of rules.',
    types: [webAcl],
    check: ({ props }, report) => {
      if (props.get('rules').list().length === 0 && !props.get('ruleJson').isSet)
        report.violation('it has no rule');
    },
  },
  {
    id: 'waf-metrics',
    controls: ['WAF.12'],
    title: 'Rules of web ACLs have metrics',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set visibilityConfig.cloudwatchMetricsEnabled of each rule to true.',
    types: [webAcl, 'aws:wafv2/ruleGroup:RuleGroup'],
    check: ({ props }, report) =>
      report.each(props.get('rules').list(), (rule) => {
        if (!rule.get('visibilityConfig.cloudwatchMetricsEnabled').flag()) {
          report.violation(`rule ${rule.get('name').text() ?? rule.path} has none`);
        }
      }),
  },
  {
    id: 'waf-logs',
    controls: ['WAF.11'],
    title: 'Web ACLs log requests',
    severity: 'low',
    level: 'advisory',
    note: 'Not part of the Foundational Security Best Practices; billed per request.',
    fix: 'Add a wafv2.WebAclLoggingConfiguration.',
    checkStack: (stack, report) => {
      const logs = stack.ofType('aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration');
      report.each(stack.ofType(webAcl), (one) => {
        if (companionsOf(one, logs, 'resourceArn').length === 0)
          report.violation('it has no logging', one);
      });
    },
  },
  {
    id: 'acm-key-length',
    controls: ['ACM.2'],
    title: 'RSA certificates have keys of 2048 bits or more',
    severity: 'high',
    level: 'mandatory',
    fix: 'Set keyAlgorithm to RSA_2048 or an elliptic curve.',
    types: ['aws:acm/certificate:Certificate'],
    check: ({ props }, report) => {
      if (props.get('keyAlgorithm').text() === 'RSA_1024')
        report.violation('keyAlgorithm is RSA_1024');
    },
  },
  {
    id: 'sns-encrypted',
    controls: ['SNS.1'],
    title: 'Topics are encrypted at rest',
    severity: 'medium',
    level: 'advisory',
    note: 'Not part of the Foundational Security Best Practices; an alarm carries no personal data.',
    fix: 'Set kmsMasterKeyId, such as alias/aws/sns.',
    types: [topic],
    check: ({ props }, report) => {
      const key = props.get('kmsMasterKeyId');
      if (!key.isUnknown && !key.isSet) report.violation('kmsMasterKeyId is absent');
    },
  },
  publicPolicyRule({
    id: 'sns-private',
    controls: ['SNS.4'],
    title: 'Policies of topics let nobody in whom they do not name',
    severity: 'critical',
    level: 'mandatory',
    types: [topic, 'aws:sns/topicPolicy:TopicPolicy'],
    path: 'policy',
  }),
];
