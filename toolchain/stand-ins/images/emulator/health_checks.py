"""Health checks for ministack's load balancers and ECS services, which it keeps the settings of and never makes.

Without them its load balancer sends requests to a task that does not listen yet, and a deployment counts as done, and the tasks
before it are stopped, though the new ones answer nothing. With them, as on AWS:

- a target is `initial` until it passes one check, then `healthy`; `UnhealthyThresholdCount` failures in a row, one each
  `HealthCheckIntervalSeconds`, make it `unhealthy`, and `HealthyThresholdCount` successes make it `healthy` again;
- requests go to healthy targets alone, or to all when none is healthy;
- a task behind a load balancer counts for its deployment once its target is healthy; one that is unhealthy after the service's
  grace period is stopped and replaced, and counts as a failure for the circuit breaker; a deployment stops unhealthy tasks
  of the one before it first;
- a task's target is withdrawn before the task is told to stop, not at the same moment.

Two things are quicker than on AWS, so that a rehearsal need not wait: a target that is `initial` is asked four times a second, and
between the withdrawal and the stop lies a second, whatever the deregistration delay.
Source: "Health checks for Application Load Balancer target groups", ELB guide; "Deployment circuit breaker", ECS guide.
"""

import http.client
import random
import threading
import time

from ministack.core.concurrency import spawn_background
from ministack.core.responses import get_account_id, get_region
from ministack.services import alb, ecs

INITIAL_PAUSE = 0.25
DRAIN_PAUSE = 1.0
LOOK_PAUSE = 0.1
REGISTERING = "Target registration is in progress"


class TargetCheck:
    """The checks of one registration of a target, from its own thread, until it is withdrawn."""

    def __init__(self, group_arn, target_id, port):
        self.group_arn = group_arn
        self.target_id = target_id
        self.port = port
        self.state = "initial"
        self.reason = REGISTERING
        self.withdrawn = threading.Event()
        spawn_background(self._run, thread_name=f"health-check-{target_id}")

    def _run(self):
        passed = failed = 0
        failed_at = time.monotonic()
        while not self.withdrawn.is_set():
            group = alb._tgs.get(self.group_arn)
            if group is None:
                return
            interval = int(group.get("HealthCheckIntervalSeconds", 30))
            complaint = self._ask(group) if group.get("HealthCheckEnabled", True) else None
            now = time.monotonic()
            if complaint is None:
                passed, failed = passed + 1, 0
                needed = int(group.get("HealthyThresholdCount", 5)) if self.state == "unhealthy" else 1
                if passed >= needed:
                    self.state, self.reason = "healthy", ""
            # A target that starts is asked more often than it may fail.
            elif self.state != "initial" or now - failed_at >= interval:
                passed, failed, failed_at = 0, failed + 1, now
                if failed >= int(group.get("UnhealthyThresholdCount", 2)):
                    self.state, self.reason = "unhealthy", complaint
            self.withdrawn.wait(INITIAL_PAUSE if self.state == "initial" else interval)

    def _ask(self, group):
        """What is wrong with the target's answer; None when nothing is."""
        set_port = group.get("HealthCheckPort", "traffic-port")
        port = self.port if set_port == "traffic-port" else int(set_port)
        timeout = int(group.get("HealthCheckTimeoutSeconds", 5))
        connection = http.client.HTTPConnection(self.target_id, port, timeout=timeout)
        try:
            connection.request("GET", group.get("HealthCheckPath", "/"), headers={"User-Agent": "ELB-HealthChecker/2.0"})
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return "Request timed out" if isinstance(error, TimeoutError) else "Health checks failed"
        finally:
            connection.close()
        return None if _matches(group, status) else f"Health checks failed with these codes: [{status}]"


def _matches(group, status):
    """Whether a status is one of the matcher's, such as `200`, `200,204` or `200-299`."""
    matcher = str((group.get("Matcher") or {}).get("HttpCode", "200"))
    bounds = [part.split("-") for part in matcher.split(",")]
    return any(int(bound[0]) <= status <= int(bound[-1]) for bound in bounds)


# By target group and target. Names hold account and region, so one map serves them all.
_checks: dict[tuple[str, str], TargetCheck] = {}
_checks_lock = threading.Lock()


def _follow_registrations(group_arn):
    """Starts checks of what is registered now, and ends those of what is not any more."""
    group = alb._tgs.get(group_arn)
    if not _is_checked(group):
        return
    registered = {str(target["Id"]): target for target in alb._targets.get(group_arn, [])}
    with _checks_lock:
        for key in [key for key in _checks if key[0] == group_arn and key[1] not in registered]:
            _checks.pop(key).withdrawn.set()
        for target_id, target in registered.items():
            if (group_arn, target_id) not in _checks:
                port = int(target.get("Port") or group.get("Port") or 80)
                _checks[group_arn, target_id] = TargetCheck(group_arn, target_id, port)


def _state(group_arn, target_id):
    """State and reason of a target. One that was registered this moment has no check yet; other kinds of targets never have."""
    check = _checks.get((group_arn, str(target_id)))
    if check:
        return check.state, check.reason
    return ("initial", REGISTERING) if _is_checked(alb._tgs.get(group_arn)) else ("healthy", "")


def _is_checked(group):
    return group is not None and group.get("TargetType") == "ip"


# The load balancer's side.

_set_targets_for_group = alb.set_targets_for_group
_proxy_http_target = alb._proxy_http_target
_handlers = {name: alb._ACTION_MAP[name] for name in ("RegisterTargets", "DeregisterTargets")}


def set_targets_for_group(group_arn, targets, previous_ids=()):
    published = _set_targets_for_group(group_arn, targets, previous_ids)
    _follow_registrations(group_arn)
    return published


def _following(handler):
    def handle(params):
        answer = handler(params)
        _follow_registrations(alb._p(params, "TargetGroupArn"))
        return answer

    return handle


async def proxy_http_target(target, group, *args, **options):
    arn = group.get("TargetGroupArn")
    healthy = [other for other in alb._targets.get(arn, []) if _state(arn, other["Id"])[0] == "healthy"]
    return await _proxy_http_target(random.choice(healthy) if healthy else target, group, *args, **options)


def describe_target_health(params):
    arn = alb._p(params, "TargetGroupArn")
    group = alb._tgs.get(arn)
    if group is None:
        return alb._error("TargetGroupNotFound", f"Target group '{arn}' not found.")
    wanted = {target["Id"] for target in alb._parse_targets_param(params)}
    members = []
    for target in alb._targets.get(arn, []):
        if wanted and target["Id"] not in wanted:
            continue
        state, reason = _state(arn, target["Id"])
        why = f"<Reason>Target.{_reason_code(state, reason)}</Reason><Description>{reason}</Description>" if reason else ""
        members.append(
            f"<member><Target><Id>{target['Id']}</Id><Port>{target.get('Port', group.get('Port', 80))}</Port></Target>"
            f"<TargetHealth><State>{state}</State>{why}</TargetHealth></member>"
        )
    inner = f"<TargetHealthDescriptions>{''.join(members)}</TargetHealthDescriptions>"
    return alb._xml(200, "DescribeTargetHealth", inner)


def _reason_code(state, reason):
    if state == "initial":
        return "InitialHealthChecking"
    if "timed out" in reason:
        return "Timeout"
    return "ResponseCodeMismatch" if "codes" in reason else "FailedHealthChecks"


# The services' side.

_record_service_task_healthy = ecs._record_service_task_healthy
_watched: set[str] = set()


def record_service_task_healthy(service_key, task):
    """A task counts for its deployment when it has lasted for a moment, and the load balancer finds it healthy."""
    service = ecs._services.get(service_key) or {}
    groups = _target_groups(service)
    arn = task["taskArn"]
    if groups and arn not in _watched:
        _watched.add(arn)
        spawn_background(_watch, service_key, task, groups, thread_name=f"health-watch-{arn[-8:]}")
    if all(_state(group, ecs._task_ip(task))[0] == "healthy" for group in groups):
        _record_service_task_healthy(service_key, task)


def _watch(service_key, task, groups):
    """Lets the service know when its task becomes healthy, and replaces one that is found unhealthy."""
    cluster_name = service_key.split("/", 1)[0]
    arn, address, started = task["taskArn"], ecs._task_ip(task), time.monotonic()
    told = False
    while ecs._task_is_active(arn, task):
        states = {group: _state(group, address)[0] for group in groups}
        if not told and all(state == "healthy" for state in states.values()):
            told = True
            ecs._schedule_service_deployment_completion(
                cluster_name, service_key, get_account_id(), get_region(), healthy_task=task
            )
        grace = int((ecs._services.get(service_key) or {}).get("healthCheckGracePeriodSeconds") or 0)
        failing = next((group for group, state in states.items() if state == "unhealthy"), None)
        if failing and time.monotonic() - started >= grace:
            _replace(service_key, task, failing)
            break
        time.sleep(LOOK_PAUSE)
    _watched.discard(arn)


def _replace(service_key, task, group_arn):
    service = ecs._services.get(service_key) or {}
    name = service.get("serviceName", service_key)
    reason = f"Task failed ELB health checks in (target-group {group_arn})"
    if not ecs._mark_task_stopped(task["taskArn"], task, reason, "ServiceSchedulerInitiated"):
        return
    task_id = task["taskArn"].rsplit("/", 1)[-1]
    message = f"(service {name}) (task {task_id}) failed ELB health checks in (target-group {group_arn})"
    service.get("events", []).insert(0, {"id": ecs.new_uuid(), "createdAt": ecs._iso(), "message": message})
    # The next one is started before this one's container is given its time to end.
    ecs._record_service_task_failure(task)
    ecs._cleanup_task_resources(task, ecs._get_docker())


_reconcile_service_tasks = ecs._reconcile_service_tasks


def reconcile_service_tasks(cluster_name, service_key):
    """Of the tasks that a deployment replaces, those that are not healthy go first; ministack would take the oldest."""
    service = ecs._services.get(service_key) or {}
    groups = _target_groups(service)
    primary = ecs._primary_deployment(service)
    if groups and primary and primary.get("rolloutState") == "IN_PROGRESS":
        for arn, task in list(ecs._tasks.items()):
            ours = (task.get("group"), task.get("clusterArn")) == (f"service:{service['serviceName']}", service.get("clusterArn"))
            replaced = ours and task.get("_deployment_id") != primary.get("id") and ecs._task_is_active(arn, task)
            # One without an address is not registered yet: it is on its way up, or down.
            unhealthy = ecs._task_ip(task) and any(_state(group, ecs._task_ip(task))[0] != "healthy" for group in groups)
            if replaced and unhealthy:
                ecs._stop_task({"task": arn, "cluster": cluster_name, "reason": "Deployment replaced an unhealthy task"})
    _reconcile_service_tasks(cluster_name, service_key)


_cleanup_task_resources = ecs._cleanup_task_resources


def cleanup_task_resources(task, docker_client, extra_container=None):
    """A request that has been sent to the target just now arrives before the task is told to stop."""
    taken_down = task.get("stopCode") in ("UserInitiated", "ServiceSchedulerInitiated")
    if taken_down and str(task.get("group", "")).startswith("service:"):
        time.sleep(DRAIN_PAUSE)
    _cleanup_task_resources(task, docker_client, extra_container)


def _target_groups(service):
    return [lb["targetGroupArn"] for lb in service.get("loadBalancers") or [] if lb.get("targetGroupArn")]


# What is called by name in here, some of it in threads whose errors are only logged.
_NEEDED = {
    alb: "_ACTION_MAP _error _p _parse_targets_param _proxy_http_target _targets _tgs _xml set_targets_for_group",
    ecs: "_cleanup_task_resources _get_docker _iso _mark_task_stopped _primary_deployment _reconcile_service_tasks "
    "_record_service_task_failure _record_service_task_healthy _schedule_service_deployment_completion _services _stop_task "
    "_task_ip _task_is_active _tasks new_uuid",
}


def install():
    """Puts the checks in place of what ministack does without them; ends here when ministack has become another one."""
    for module, names in _NEEDED.items():
        for name in names.split():
            getattr(module, name)
    alb.set_targets_for_group = set_targets_for_group
    alb._proxy_http_target = proxy_http_target
    alb._ACTION_MAP["DescribeTargetHealth"] = describe_target_health
    for name, handler in _handlers.items():
        alb._ACTION_MAP[name] = _following(handler)
    ecs._record_service_task_healthy = record_service_task_healthy
    ecs._reconcile_service_tasks = reconcile_service_tasks
    ecs._cleanup_task_resources = cleanup_task_resources
