import type { AwsConfig } from '../../config/config.ts';
import { codeOf, firstLine, messageOf, nameOf } from './awsFaults.ts';
import { AwsQuestions } from './awsQuestions.ts';

/** Whether the credentials are those of the stack's account. */
export async function accountFaults(config: AwsConfig, questions: AwsQuestions): Promise<string[]> {
  try {
    const account = await questions.account();
    if (account === config.awsAccountId) return [];
    return [
      `The credentials are for account ${account}, and this stack belongs to ${config.awsAccountId}. ` +
        'Set AWS_PROFILE to a profile of that account, or correct slipway:awsAccountId.',
    ];
  } catch (error) {
    return [await explainCredentials(error, config)];
  }
}

async function explainCredentials(error: unknown, config: AwsConfig): Promise<string> {
  const name = nameOf(error);
  const message = messageOf(error);
  if (/^Expired|RequestExpired/.test(name) || /expired/i.test(message)) {
    return 'The AWS credentials have expired. Sign in again (`aws sso login`), or renew the keys in the environment.';
  }
  if (/CredentialsProviderError|TokenProviderError/.test(name)) {
    return `No AWS credentials were found: ${firstLine(message)} Set AWS_PROFILE, or sign in with \`aws sso login\`.`;
  }
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|TimeoutError/.test(`${name} ${codeOf(error)}`)) {
    const where = config.awsEndpoint ?? `the AWS API of ${config.region}`;
    return `Cannot reach ${where}: ${firstLine(message)} Check aws:region, the network and the proxy.`;
  }
  if (
    /InvalidClientTokenId|UnrecognizedClient|AuthFailure|OptInRequired|RegionDisabled/.test(name)
  ) {
    // A region that is not enabled answers as if the keys were wrong; one that is always enabled
    // tells the two apart.
    const elsewhere = new AwsQuestions({
      region: 'us-east-1',
      profile: config.awsProfile,
      endpoint: config.awsEndpoint,
    });
    const valid = await elsewhere.account().then(
      () => true,
      () => false,
    );
    if (valid) {
      return `The region ${config.region} is not enabled in this account. Enable it (\`aws account enable-region\`), or choose another for aws:region.`;
    }
    return `AWS does not accept the credentials (${name}): ${firstLine(message)} Check AWS_PROFILE and the keys in the environment.`;
  }
  return `AWS did not say whose credentials these are (${name}): ${firstLine(message)}`;
}
