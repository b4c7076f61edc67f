import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Known {
  account: string;
  /** The tag Name of the stack's VPC. */
  vpc: string;
}

/**
 * Answers the program's questions about an AWS account in which its stack is up: the owner of the
 * credentials, the zones, the VPC and the hosted zone. It answers on 127.0.0.1 without a delay, so
 * the measured cost of a question is that of the program's own process.
 *
 * @returns the endpoint, such as `http://127.0.0.1:40123`, and a function that ends it
 */
export async function answerForAws(known: Known): Promise<{ endpoint: string; close: () => void }> {
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const text = answers(known, request.url ?? '', new URLSearchParams(body).get('Action'));
      response.writeHead(text === undefined ? 400 : 200, { 'content-type': 'text/xml' }).end(text);
    });
  });
  await listening(server);
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answers({ account, vpc }: Known, url: string, action: string | null): string | undefined {
  if (url.includes('/hostedzonesbyname')) {
    const zone = '<HostedZone><Id>/hostedzone/Z1</Id><Name>example.com.</Name></HostedZone>';
    return `<ListHostedZonesByNameResponse><HostedZones>${zone}</HostedZones></ListHostedZonesByNameResponse>`;
  }
  switch (action) {
    case 'GetCallerIdentity':
      return `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>${account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`;
    case 'DescribeAvailabilityZones': {
      const zones = ['a', 'b', 'c'].map(
        (letter) => `<item><zoneName>eu-central-1${letter}</zoneName></item>`,
      );
      return `<DescribeAvailabilityZonesResponse><availabilityZoneInfo>${zones.join('')}</availabilityZoneInfo></DescribeAvailabilityZonesResponse>`;
    }
    case 'DescribeVpcs': {
      const tags = `<tagSet><item><key>Name</key><value>${vpc}</value></item></tagSet>`;
      return `<DescribeVpcsResponse><vpcSet><item>${tags}</item></vpcSet></DescribeVpcsResponse>`;
    }
    default:
      return undefined;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk as string;
  return body;
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
}
