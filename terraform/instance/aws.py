#!/usr/bin/python3
"""Asks AWS with the instance's role: Ubuntu's image has no AWS CLI, but Python.

aws.py object BUCKET KEY VERSION SHA256 FILE   that version of an S3 object, checked
aws.py history FILE   the history's URL, for systemd, from an SSM parameter if one is named;
    off, if it cannot be read: the calculator goes on without a history
"""
import datetime
import hashlib
import hmac
import http.client
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import quote, urlsplit

REGION = os.environ["AWS_REGION"]
SUFFIX = "amazonaws.com" + (".cn" if REGION.startswith("cn-") else "")
METADATA = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://169.254.169.254").rstrip("/") + "/latest/"
# A new role is not known everywhere at once: what is refused now may be allowed soon.
ATTEMPTS = int(os.environ.get("AWS_MAX_ATTEMPTS", "12"))
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Refused(Exception):
    """AWS does not give it, or gives something else."""


def report(text):
    print("secondwind: " + text, file=sys.stderr, flush=True)


def metadata(path, method="GET", **headers):
    headers = {"X-aws-ec2-metadata-" + k.replace("_", "-"): v for k, v in headers.items()}
    return DIRECT.open(urllib.request.Request(METADATA + path, method=method, headers=headers), timeout=5).read().decode()


def credentials():
    token = metadata("api/token", "PUT", token_ttl_seconds="300")
    roles = "meta-data/iam/security-credentials/"
    return json.loads(metadata(roles + metadata(roles, token=token).split()[0], token=token))


def signed(service, method, url, body=b"", headers=()):
    """Signature Version 4; path and query of the URL are encoded already."""
    role, at = credentials(), urlsplit(url)
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(body).hexdigest()
    h = dict(headers, **{"host": at.netloc, "x-amz-date": now, "x-amz-content-sha256": digest, "x-amz-security-token": role["Token"]})
    names = ";".join(sorted(h))
    lines = [method, at.path, at.query, *(k + ":" + h[k] for k in sorted(h)), "", names, digest]
    scope = "/".join([now[:8], REGION, service, "aws4_request"])
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256("\n".join(lines).encode()).hexdigest()])
    key = ("AWS4" + role["SecretAccessKey"]).encode()
    for part in [*scope.split("/"), text]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    h["authorization"] = f"AWS4-HMAC-SHA256 Credential={role['AccessKeyId']}/{scope}, SignedHeaders={names}, Signature={key.hex()}"
    return urllib.request.Request(url, data=body or None, method=method, headers=h)


def ask(what, use, *request):
    """Returns what use makes of the answer. Asks again while AWS may yet allow it."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with urllib.request.urlopen(signed(*request), timeout=60) as answer:
                return use(answer)
        except urllib.error.HTTPError as e:
            wrong, never = f"HTTP {e.code} {e.read(2000).decode(errors='replace')}", e.code == 404
        except (OSError, http.client.HTTPException, ValueError, LookupError) as e:
            wrong, never = repr(e), False
        report(f"{what}: {wrong} (attempt {attempt} of {ATTEMPTS})")
        if never or attempt == ATTEMPTS:
            raise Refused(f"{what} cannot be read: is it there, and do the instance's role and the KMS key's policy allow it?")
        time.sleep(min(attempt, 5))


def endpoint(service):
    return (os.environ.get("AWS_ENDPOINT_URL_" + service.upper()) or os.environ.get("AWS_ENDPOINT_URL", "")).rstrip("/")


def fetch(bucket, key, version, sha256, path):
    partial, mine = path + ".partial", endpoint("s3")

    def save(answer):
        digest, left = hashlib.sha256(), int(answer.headers["content-length"] or 0)
        with open(partial, "wb") as file:
            while chunk := answer.read(1 << 20):
                digest.update(chunk)
                left -= file.write(chunk)
        if left > 0:
            raise OSError(f"the connection ended {left} bytes early")
        return digest.hexdigest()

    url = f"{mine}/{bucket}" if mine else f"https://{bucket}.s3.{REGION}.{SUFFIX}"
    url += f"/{quote(key, safe='/-_.~')}?versionId={quote(version, safe='-_.~')}"
    got = ask(f"s3://{bucket}/{key}", save, "s3", "GET", url)
    if got != sha256:
        os.remove(partial)
        raise Refused(f"s3://{bucket}/{key} has the SHA-256 {got}, not {sha256}: it is not installed")
    os.chmod(partial, 0o755)
    os.replace(partial, path)


def history(path):
    name = os.environ.get("SECONDWIND_HISTORY_PARAMETER", "")
    if not name:
        return
    body = json.dumps({"Name": name, "WithDecryption": True}).encode()
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "AmazonSSM.GetParameter"}
    url = (endpoint("ssm") or f"https://ssm.{REGION}.{SUFFIX}") + "/"
    try:
        value = ask("SSM parameter " + name, json.load, "ssm", "POST", url, body, headers)["Parameter"]["Value"].strip()
    except Refused as e:
        report(f"{e} There is no history until the calculator is restarted.")
        value = "off"
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write('CALCULATOR_HISTORY="' + re.sub(r'(["\\$`])', r"\\\1", value) + '"\n')


if __name__ == "__main__":
    try:
        {"object": fetch, "history": history}[sys.argv[1]](*sys.argv[2:])
    except Refused as e:
        sys.exit("secondwind: " + str(e))
