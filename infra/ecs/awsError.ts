/** An error of the AWS SDK, with all that it may carry. */
interface SdkError {
  name?: string;
  message?: string;
  code?: string;
  $metadata?: { httpStatusCode?: number };
  $retryable?: { throttling?: boolean };
  cause?: unknown;
}

const throttled =
  /^(Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|LimitExceededException$|RequestThrottled)/;
const unreachable =
  /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH)$/;

/** Whether asking again may help: throttling, a fault on AWS' side, a broken connection. */
export function isTransient(error: unknown): boolean {
  const { name = '', $metadata, $retryable } = error as SdkError;
  const status = $metadata?.httpStatusCode ?? 0;
  if (status >= 500 || status === 429 || $retryable) return true;
  return (
    throttled.test(name) ||
    name === 'ServerException' ||
    name === 'TimeoutError' ||
    networkCode(error) !== undefined
  );
}

/**
 * An error of AWS in words, with what to do about it. Without a full stop, so that it fits into a
 * sentence.
 */
export function explainAwsError(error: unknown): string {
  const { name = 'Error', message = '' } = error as SdkError;
  const text = message.trim().replace(/\.$/, '');
  const code = networkCode(error);
  if (code)
    return `AWS cannot be reached (${code}: ${text}); check the network, a proxy, and the region`;
  if (name === 'CredentialsProviderError') {
    return (
      `no AWS credentials (${text}); the release provider takes them from the environment of pulumi: set AWS_PROFILE, ` +
      `the config key aws:profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`
    );
  }
  if (/^(ExpiredToken|RequestExpired|TokenProviderError|SSOTokenProvider)/.test(name)) {
    return `the AWS credentials have expired (${text}); log in again (such as \`aws sso login\`), then run the update again`;
  }
  if (
    /^(UnrecognizedClient|InvalidClientTokenId|InvalidSignature|SignatureDoesNotMatch|IncompleteSignature)/.test(
      name,
    )
  ) {
    return `AWS does not accept the credentials (${name}: ${text}); check AWS_PROFILE and the access keys`;
  }
  if (/^(AccessDenied|UnauthorizedOperation|NotAuthorized)/.test(name)) {
    return `${text || name}; give the role that deploys this permission`;
  }
  if (name === 'ClusterNotFoundException') {
    return 'the ECS cluster does not exist; when it was deleted by hand, `pulumi up --refresh` makes it again';
  }
  if (throttled.test(name))
    return `AWS throttled the requests for too long (${name}); run the update again`;
  return text ? `${name}: ${text}` : name;
}

function networkCode(error: unknown): string | undefined {
  for (
    let at = error as SdkError | undefined, depth = 0;
    at && depth < 4;
    at = at.cause as SdkError, depth++
  ) {
    if (at.code && unreachable.test(at.code)) return at.code;
  }
  return undefined;
}
