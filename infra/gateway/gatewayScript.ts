import { gatewayPorts, problem, requestName } from './nginxConfig.ts';

/**
 * In the gateway's container: the configuration of the last release that has proven itself, with
 * its instances' names.
 */
export const keptConfigPath = '/etc/slipway/nginx.conf';

/**
 * The gateway's container runs this, and so does a rollout inside it (`bash -c "$GATEWAY_SCRIPT"
 * gateway <verb>`):
 *
 * - `run`: start nginx from the kept configuration, else answer 503; follow instances whose address
 *   changes.
 * - `try`: take a configuration from standard input, test it, switch to it.
 * - `keep` (as root): keep the running configuration for the next start: it has proven itself.
 * - `restore`: switch back to the kept one.
 *
 * A configuration names instances; nginx gets their addresses of the moment, because it looks names
 * up once and refuses to start when one is unknown. An instance that is down has no address, and is
 * left out until it is back.
 */
export const gatewayScript = `
set -euo pipefail
kept=${keptConfigPath} named=/tmp/named.conf live=/tmp/nginx.conf

version() { nginx -v 2>&1 | grep -o '[0-9][0-9.]*' | head -n 1; }
at_least() { [ "$(printf '%s\\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# Names to addresses. nginx before 1.27.4 closes idle connections on a reload, and a client may be using one at that
# moment: there, a connection serves one request.
render() {
  local text name address
  text=$(cat)
  for name in $(grep -o 'server [a-zA-Z0-9_.-]*:' <<<"$text" | cut -d ' ' -f 2 | tr -d : | sort -u || true); do
    address=$( (getent ahostsv4 "$name" || true) | head -n 1 | cut -d ' ' -f 1)
    if [ -n "$address" ]; then text=$(sed "s/server $name:/server $address:/" <<<"$text")
    else text=$(sed "s/server $name:\\([0-9]*\\)/server 127.0.0.1:\\1 down/" <<<"$text"); fi
  done
  if ! at_least 1.27.4 "$(version)"; then
    text=$(sed -e 's/^\\( *\\)keepalive_min_timeout .*/\\1keepalive_timeout 0;/' -e '/^  keepalive_timeout 75s;/d' <<<"$text")
  fi
  printf '%s\\n' "$text"
}

# One at a time: a rollout's switch and the look-up of every two seconds would take each other's files, or undo each other.
alone() { ( flock 9; "$@" ) 9</tmp; }

switch() { # to the named configuration on standard input; joined by && because -e does not hold left of ||
  cat > "$named.next" &&
    render < "$named.next" > "$live.next" &&
    nginx -t -q -c "$live.next" &&
    mv "$named.next" "$named" &&
    mv "$live.next" "$live" &&
    nginx -c "$live" -s reload
}
keep() { cat "$named" > "$kept.next" && mv "$kept.next" "$kept"; }
restore() { if [ -s "$kept" ]; then switch < "$kept"; else printf '%s' "$FIRST_CONFIG" | switch; fi; }

look_up() { [ "$(render < "$named")" = "$(cat "$live")" ] || switch < "$named"; }
follow() { while sleep 2; do alone look_up || true; done; }

case "$1" in
  run)
    if [ -s "$kept" ]; then cat "$kept"; else printf '%s' "$FIRST_CONFIG"; fi > "$named"
    render < "$named" > "$live"
    follow &
    exec nginx -c "$live" -g 'daemon off;'
    ;;
  try) alone switch ;;
  keep | restore) alone "$1" ;;
esac
`;

/** The container's entry point; its argument is a verb of the script. */
export const gatewayEntrypoint = ['bash', '-c', gatewayScript, 'gateway'];

/**
 * Fixed text: were it to change with the route table, the gateway would be replaced and drop a
 * second of requests.
 */
export const firstConfig = `pid /tmp/nginx.pid;
error_log /dev/stderr warn;
events {}
http {
  access_log off;
  server_tokens off;
  client_body_temp_path /tmp/client_body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
${requestName}
  server {
    listen ${gatewayPorts.public};
    # What nginx refuses by itself gets this answer, too.
    error_page 400 405 408 414 431 494 500 501 505 =503 /;
    ${problem(503, 'Service Unavailable', 'No release serves yet.')}
  }
}
`;
