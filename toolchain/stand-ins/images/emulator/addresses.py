"""Addresses of ministack's databases and caches that outlive a restart.

It gives out the address that a container has on its network at that moment. Docker frees an address when a container stops, so a
task that starts while a database restarts may take it: the database comes back with another address, and its endpoint leads to
that task for good. An endpoint of AWS is a name. Here it is the container's short id, which Docker's DNS resolves and which stays.
"""

from ministack.services import elasticache, rds

_reported_endpoint = rds._reported_endpoint
_spawn_redis_container = elasticache._spawn_redis_container


def _name(address):
    """The short id of the container with this address on the emulator's network; another address stays as it is."""
    network = rds._get_docker().networks.get(rds.DOCKER_NETWORK)
    network.reload()
    for container_id, member in network.attrs["Containers"].items():
        if member["IPv4Address"].split("/")[0] == address:
            return container_id[:12]
    return address


def reported_endpoint(host, port, host_port):
    host, port = _reported_endpoint(host, port, host_port)
    return _name(host), port


def spawn_redis_container(*args, **options):
    host, port, container_id = _spawn_redis_container(*args, **options)
    return (_name(host) if container_id else host), port, container_id


def install():
    rds._reported_endpoint = reported_endpoint
    elasticache._spawn_redis_container = spawn_redis_container
