"""What `make run` and `make status` print: where to look, how to sign in, what runs."""

import json

from box.health import ask
from box.place import PROJECT
from box.processes import local_url
from box.stack import Stack


def say_where_to_look(stack: Stack) -> None:
    """Address, demo login and a curl line that can be pasted as it is."""
    demo = stack.demo
    body = json.dumps(
        {
            "device_id": "my-first-device",
            "positions": [{"recorded_at": "NOW", "latitude": 52.3731, "longitude": 4.8926, "accuracy_m": 8}],
        }
    ).replace('"NOW"', "'$(date +%s)'")
    state = "var" if (PROJECT / "var").resolve() == stack.place.state else str(stack.place.state)
    print(
        f"""
Milepost is up:  {stack.base_url}
  Live map       {stack.base_url}/map
  API reference  {stack.base_url}/api/reference/
  Sign in as     {demo["email"]}
  Password       {demo["password"]}

Send a first position (it appears on the map of the demo's test environment):

curl -i {stack.base_url}/ingest/v1/positions \\
  -H 'Authorization: Bearer {demo["publishable_key"]}' \\
  -H 'Content-Type: application/json' \\
  -d '{body}'

make status, make logs, make stop. These facts are also in {state}/demo.json."""
    )


def status_table(stack: Stack) -> int:
    """One line a process and one a component; exit code 0 only when all is up."""
    states = stack.states()
    if not states:
        print("Milepost does not run here. Next: make run")
        return 3
    width = max(len(state.name) for state in states)
    for state in states:
        print(f"{state.name:<{width}}  {state.word:<9} {state.description}")
    health = ask(local_url(stack.settings))
    down = sorted(name for name, up in health.components.items() if not up)
    absent = stack.absent()
    print()
    for line in health.attention:
        print(f"look at {line}. Next: docs/operations.md")
    if absent:
        print(f"not healthy: {', '.join(absent)} does not run. Next: make logs p={absent[0]}")
    elif health.ok:
        print(f"healthy at {stack.base_url}")
    elif down:
        print(f"not healthy: {', '.join(down)} down. Next: make logs p=NAME")
    else:
        print(f"nothing answers at {stack.base_url}/healthz. Next: make logs p=web")
    return 0 if health.ok and not absent else 1
