import type { Route } from '../release/route.ts';

/** One instance the gateway may send requests to. */
interface Upstream {
  service: string;
  /**
   * A name or address the gateway can reach, and the port, such as `slipway-dev-api-0-1a2b3c:3000`.
   */
  address: string;
}

export interface GatewayConfigArgs {
  routes: Route[];
  upstreams: Upstream[];
  /** Port of the gateway inside its container. */
  port: number;
  /** Port inside the container where each instance's `/metrics` is served. */
  metricsPort: number;
}

/** The largest body that a route of the app takes, kB. */
const largestBodyKb = 256;

/** Where the gateway listens inside its container. */
export const gatewayPorts = { public: 8080, metrics: 8081 } as const;

/**
 * The gateway's whole nginx configuration: the route table, and exactly the instances that serve
 * it. With no instance the gateway answers 503, which is what it does until the first release.
 */
export function nginxConfig(args: GatewayConfigArgs): string {
  const services = [...new Set(args.upstreams.map(({ service }) => service))];
  const instances = args.upstreams.map(({ address }) => address);
  return `# Written by the rollout of this stack. A change made by hand lasts until the next one.
pid /tmp/nginx.pid;
worker_processes 2;
error_log /dev/stderr warn;
# Requests in flight when the configuration changes are finished by the old workers.
worker_shutdown_timeout 60s;

events {
  worker_connections 1024;
}

http {
  access_log off;
  server_tokens off;
  default_type application/octet-stream;
  client_body_temp_path /tmp/client_body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;

  # As much as the app takes, and all of it in memory: slow uploads and slow readers must not fill /tmp.
  client_max_body_size ${largestBodyKb}k;
  client_body_buffer_size ${largestBodyKb}k;
  proxy_max_temp_file_size 0;
  client_header_timeout 15s;
  client_body_timeout 30s;
  keepalive_timeout 75s;
  # A client that reuses its connection while the configuration changes still gets an answer.
  keepalive_min_timeout 5s;

${requestName}
  # A client of HTTP/1.0 need not say whom it asks; the instance is asked in HTTP/1.1, and wants to know.
  map $http_host $host_name {
    default $http_host;
    '' gateway;
  }
  map $http_upgrade $connection_upgrade {
    default upgrade;
    '' '';
  }

${services.map((service) => upstreamBlock(service, args.upstreams)).join('\n')}
${instances.map((address, index) => `  upstream instance_${index} {\n    server ${address};\n  }`).join('\n')}

  server {
    listen ${args.port};
    server_name _;
    absolute_redirect off;

${args.routes.map((route) => locationBlock(route, services)).join('\n')}
    location / {
      ${problem(404, 'Not Found', 'The gateway has no such route.')}
    }
${ownErrors.map(errorBlock).join('\n')}
  }

  # Published on the loopback only: metrics are for whoever runs the machine.
  server {
    listen ${args.metricsPort};
    server_name _;
${instances.map((_, index) => metricsBlock(index)).join('\n')}
    location = / {
      default_type text/plain;
      return 200 "${instances.map((address, index) => `/metrics/${index}  ${address}\\n`).join('') || 'no instance\\n'}";
    }
    location / {
      ${problem(404, 'Not Found', 'Metrics are at /metrics/<instance>; / lists the instances.')}
    }
  }
}
`;
}

function upstreamBlock(service: string, upstreams: Upstream[]): string {
  const servers = upstreams
    .filter((upstream) => upstream.service === service)
    .map(({ address }) => `    server ${address} max_fails=1 fail_timeout=2s;`);
  return `  upstream ${service} {
    zone ${service} 128k;
    least_conn;
${servers.join('\n')}
    keepalive 32;
    # Below the instance's own 75 s, so that nginx never picks a connection the instance is closing.
    keepalive_timeout 55s;
  }
`;
}

function locationBlock(route: Route, services: string[]): string {
  const modifier = route.match === 'exact' ? '= ' : '';
  if (!services.includes(route.service)) {
    return `    location ${modifier}${route.path} {
      ${problem(503, 'Service Unavailable', 'No release serves yet.')}
    }
`;
  }
  const silence = route.websocket ? '3600s' : '60s';
  return `    location ${modifier}${route.path} {
      proxy_pass http://${route.service};
      proxy_http_version 1.1;
      proxy_set_header Host $host_name;
      proxy_set_header X-Request-Id $request_name;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $host_name;
      proxy_set_header Upgrade ${route.websocket ? '$http_upgrade' : "''"};
      proxy_set_header Connection ${route.websocket ? '$connection_upgrade' : "''"};
      proxy_connect_timeout 2s;
      proxy_read_timeout ${silence};
      proxy_send_timeout ${silence};
      # A request goes to another instance only while it is certain that none has seen it, or when repeating is harmless.
      proxy_next_upstream error timeout;
      proxy_next_upstream_tries 3;
      proxy_next_upstream_timeout 10s;
    }
`;
}

function metricsBlock(index: number): string {
  return `    location = /metrics/${index} {
      proxy_pass http://instance_${index}/metrics;
    }
`;
}

/**
 * What nginx itself answers to requests that no instance gets to see: the statuses it gives them, the
 * one that the client gets, and why.
 */
const ownErrors: [of: string, status: number, title: string, detail: string][] = [
  ['400', 400, 'Bad Request', 'The request cannot be understood.'],
  ['405', 405, 'Method Not Allowed', 'This method is not possible here.'],
  ['408', 408, 'Request Timeout', 'The request did not arrive in time.'],
  ['413', 413, 'Content Too Large', `The body is larger than ${largestBodyKb} kB.`],
  ['414', 414, 'URI Too Long', 'The address is too long.'],
  ['431 494', 431, 'Request Header Fields Too Large', 'The headers are too long.'],
  ['500', 500, 'Internal Server Error', 'The gateway failed.'],
  ['501', 501, 'Not Implemented', 'This transfer encoding is not possible.'],
  ['502 503 504', 503, 'Service Unavailable', 'No instance answered.'],
  ['505', 505, 'HTTP Version Not Supported', 'Use HTTP/1.1.'],
];

/** A path of its own: nginx forgets a named location when a request breaks off early. */
function errorBlock([of, status, title, detail]: (typeof ownErrors)[number]): string {
  return `    error_page ${of} =${status} /-/problem/${status};
    location = /-/problem/${status} {
      internal;
      ${problem(status, title, detail)}
    }`;
}

/** Sets `$request_name`, in the block `http`. */
export const requestName = `  # A caller's request id is kept, so that one id follows a request through everything it touches.
  map $http_x_request_id $request_name {
    default $request_id;
    '~^[A-Za-z0-9._-]{1,64}$' $http_x_request_id;
  }`;

/**
 * Directives of nginx that answer with a problem document (RFC 9457), as the api's own errors are.
 * They read `$request_name`, the request's id.
 */
export function problem(status: number, title: string, detail: string): string {
  const body = JSON.stringify({
    type: 'about:blank',
    title,
    status,
    detail,
    requestId: '$request_name',
  });
  const retry = status === 503 ? 'add_header Retry-After 1 always;\n      ' : '';
  return `default_type application/problem+json;
      add_header X-Request-Id $request_name always;
      ${retry}return ${status} '${body}';`;
}
