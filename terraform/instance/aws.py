#!/usr/bin/python3
"""Asks AWS with the instance's role: Ubuntu's image has no AWS CLI, but Python.

aws.py object BUCKET KEY VERSION SHA256 FILE   that version of an S3 object, checked
aws.py history FILE   the history's URL, for systemd, from an SSM parameter if one is named
"""
import datetime
import hashlib
import hmac
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

REGION = os.environ["AWS_REGION"]
SUFFIX = "amazonaws.com" + (".cn" if REGION.startswith("cn-") else "")
METADATA = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://169.254.169.254").rstrip("/") + "/latest/"
# A new role is not known everywhere at once: what is refused now may be allowed soon.
ATTEMPTS = int(os.environ.get("AWS_MAX_ATTEMPTS", "24"))
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def metadata(path, method="GET", **headers):
    headers = {"X-aws-ec2-metadata-" + k.replace("_", "-"): v for k, v in headers.items()}
    return DIRECT.open(urllib.request.Request(METADATA + path, method=method, headers=headers), timeout=5).read().decode()


def credentials():
    token = metadata("api/token", "PUT", token_ttl_seconds="300")
    roles = "meta-data/iam/security-credentials/"
    return json.loads(metadata(roles + metadata(roles, token=token).split()[0], token=token))


def signed(service, method, url, body=b"", headers=()):
    """Signature Version 4; path and query of the URL are encoded already."""
    role, at = credentials(), urllib.parse.urlsplit(url)
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


def ask(what, *request):
    """Answers the open response of what AWS allows; waits while it may yet be."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return urllib.request.urlopen(signed(*request), timeout=60)
        except urllib.error.HTTPError as e:
            wrong, never = f"HTTP {e.code}: {e.read(2000).decode(errors='replace')}", e.code in (404, 405)
        except (OSError, ValueError, KeyError, IndexError) as e:
            wrong, never = repr(e), False
        print(f"secondwind: {what}: {wrong} (attempt {attempt} of {ATTEMPTS})", file=sys.stderr, flush=True)
        if never or attempt == ATTEMPTS:
            sys.exit(f"secondwind: {what} cannot be read: is it there, and do the instance's role and the KMS key's policy allow it?")
        time.sleep(min(attempt, 5))


def endpoint(service, host):
    return os.environ.get("AWS_ENDPOINT_URL_" + service.upper()) or os.environ.get("AWS_ENDPOINT_URL") or "https://" + host


def fetch(bucket, key, version, sha256, path):
    base = endpoint("s3", "")
    base = base.rstrip("/") + "/" + bucket if base != "https://" else f"https://{bucket}.s3.{REGION}.{SUFFIX}"
    url = f"{base}/{urllib.parse.quote(key, safe='/-_.~')}?versionId={urllib.parse.quote(version, safe='-_.~')}"
    partial, digest = path + ".partial", hashlib.sha256()
    with ask(f"s3://{bucket}/{key}", "s3", "GET", url) as answer, open(partial, "wb") as file:
        while chunk := answer.read(1 << 20):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != sha256:
        os.remove(partial)
        sys.exit(f"secondwind: s3://{bucket}/{key} has the SHA-256 {digest.hexdigest()}, not {sha256}: it is not installed")
    os.chmod(partial, 0o755)
    os.replace(partial, path)


def history(path):
    name = os.environ.get("SECONDWIND_HISTORY_PARAMETER", "")
    if not name:
        return
    body = json.dumps({"Name": name, "WithDecryption": True}).encode()
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "AmazonSSM.GetParameter"}
    with ask("SSM parameter " + name, "ssm", "POST", endpoint("ssm", f"ssm.{REGION}.{SUFFIX}") + "/", body, headers) as answer:
        value = json.load(answer)["Parameter"]["Value"]
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write("CALCULATOR_HISTORY='" + value.replace("\\", "\\\\").replace("'", "\\'") + "'\n")


if __name__ == "__main__":
    {"object": fetch, "history": history}[sys.argv[1]](*sys.argv[2:])
