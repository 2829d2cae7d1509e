"""The lines a reader pastes to send a first position, each with their own key and the present time in it."""

from dataclasses import dataclass

DEVICE_ID = "my-first-device"
LATITUDE, LONGITUDE = 52.5163, 13.3777  # the Brandenburg Gate: anybody sees at once whether the dot is right


@dataclass(frozen=True)
class Snippet:
    """A way to send it: an id for the page, what it is called, how to run it, the text."""

    id: str
    label: str
    how: str
    text: str


CURL = """curl -X POST {base_url}/ingest/v1/positions \\
  -H "Authorization: Bearer {key}" \\
  -H "Content-Type: application/json" \\
  -d '{{"device_id": "{device}", "positions": [{{"recorded_at": '$(date +%s)', "latitude": {latitude}, \
"longitude": {longitude}, "accuracy_m": 8}}]}}'"""

PYTHON = """import json, time, urllib.request

report = {{
    "device_id": "{device}",
    "positions": [{{"recorded_at": time.time(), "latitude": {latitude}, "longitude": {longitude}, "accuracy_m": 8}}],
}}
request = urllib.request.Request(
    "{base_url}/ingest/v1/positions",
    data=json.dumps(report).encode(),
    headers={{"Authorization": "Bearer {key}", "Content-Type": "application/json"}},
)
print(urllib.request.urlopen(request).read().decode())"""

JAVASCRIPT = """const answer = await fetch("{base_url}/ingest/v1/positions", {{
  method: "POST",
  headers: {{ "Authorization": "Bearer {key}", "Content-Type": "application/json" }},
  body: JSON.stringify({{
    device_id: "{device}",
    positions: [{{ recorded_at: Date.now(), latitude: {latitude}, longitude: {longitude}, accuracy_m: 8 }}],
  }}),
}});
console.log(answer.status, await answer.json());"""

POWERSHELL = """$report = @{{
  device_id = "{device}"
  positions = @(@{{ recorded_at = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds(); latitude = {latitude}; \
longitude = {longitude}; accuracy_m = 8 }})
}} | ConvertTo-Json -Depth 4
Invoke-RestMethod -Method Post -Uri "{base_url}/ingest/v1/positions" `
  -Headers @{{ Authorization = "Bearer {key}" }} -ContentType "application/json" -Body $report"""

FORMS = (
    ("curl", "curl", "In a terminal on Linux or macOS", CURL),
    ("python", "Python", "Standard library only, Python 3", PYTHON),
    ("javascript", "JavaScript", "Node 18 or newer, as a module", JAVASCRIPT),
    ("powershell", "PowerShell", "On Windows", POWERSHELL),
)


def snippets(key: str, base_url: str) -> list[Snippet]:
    """All forms, curl first, with this publishable key and address."""
    values = {
        "key": key,
        "base_url": base_url,
        "device": DEVICE_ID,
        "latitude": LATITUDE,
        "longitude": LONGITUDE,
    }
    return [Snippet(i, label, how, text.format(**values)) for i, label, how, text in FORMS]
