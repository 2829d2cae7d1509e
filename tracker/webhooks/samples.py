"""How to check a signature, in code to paste: shown beside a new secret, and run by the tests as it stands."""

from dataclasses import dataclass

SHELL = """\
secret='{secret}'
id=msg_test now=$(date +%s) body='{{"type":"webhook.test"}}'
key=$(printf %s "${{secret#whsec_}}" | base64 -d | od -An -v -tx1 | tr -d ' \\n')
signature=$(printf %s "$id.$now.$body" | openssl dgst -sha256 -mac HMAC -macopt hexkey:$key -binary | base64)
curl -i "{url}" -H 'content-type: {content_type}' -d "$body" \\
  -H "webhook-id: $id" -H "webhook-timestamp: $now" -H "webhook-signature: v1,$signature"
"""

PYTHON = """\
# pip install standardwebhooks
from standardwebhooks.webhooks import Webhook

webhook = Webhook("{secret}")
seen = set()  # in your database: keep ids for a few days

def receive(headers, body):
    \"\"\"The status and text to answer with. Raises WebhookVerificationError for what is not ours.\"\"\"
    event = webhook.verify(body, headers)  # body: the bytes as they came, before any parsing
    if event["type"] == "webhook.verification":
        return 200, event["challenge"]
    if event["id"] not in seen:  # an event may come twice
        seen.add(event["id"])
        print(event["type"], event["timestamp"], event["data"])
    return 204, ""
"""

NODE = """\
// without a library; with one: npm install standardwebhooks
import {{ createHmac, timingSafeEqual }} from "node:crypto";

const key = Buffer.from("{secret}".replace("whsec_", ""), "base64");

export function verify(headers, body) {{
  // body: the text as it came, before any parsing
  const [id, at] = [headers["webhook-id"], headers["webhook-timestamp"]];
  if (!(Math.abs(Date.now() / 1000 - Number(at)) < 300)) throw new Error("too old");
  const wanted = createHmac("sha256", key).update(`${{id}}.${{at}}.${{body}}`).digest();
  const given = headers["webhook-signature"].split(" ").filter((one) => one.startsWith("v1,"));
  const equal = (one) => {{
    const bytes = Buffer.from(one.slice(3), "base64");
    return bytes.length === wanted.length && timingSafeEqual(bytes, wanted);
  }};
  if (!given.some(equal)) throw new Error("not signed with our secret");
  return JSON.parse(body); // answer a "webhook.verification" with its "challenge"
}}
"""


@dataclass(frozen=True)
class Sample:
    """A piece of code with a name for its tab."""

    name: str
    key: str
    about: str
    text: str


def samples(secret: str, url: str, content_type: str) -> list[Sample]:
    """The code for an endpoint with that secret."""
    facts = {"secret": secret, "url": url, "content_type": content_type}
    return [
        Sample("Python", "python", "Check and take a request.", PYTHON.format(**facts)),
        Sample("Node", "node", "Check a request.", NODE.format(**facts)),
        Sample("curl", "curl", "Send your own receiver a signed request, to try it.", SHELL.format(**facts)),
    ]
