"""Calls operations with boto3 and reports the members that the answers lack.

Every answer is meant to have every member filled. A member that botocore does
not find, though its own model has it, was written under a name that botocore
does not read: most often a letter in the wrong case.
"""

import json
import os
import sys

import boto3

CLIENTS = {
    "cloudtrail": "cloudtrail",
    "monitoring": "cloudwatch",
    "autoscaling": "autoscaling",
    "elasticloadbalancing": "elbv2",
    "ec2": "ec2",
    "sts": "sts",
}


def minimal(shape):
    """Returns the least value that botocore accepts for an input shape."""
    if shape.type_name == "structure":
        return {n: minimal(shape.members[n]) for n in shape.required_members}
    if shape.type_name == "list":
        return [minimal(shape.member)]
    if shape.type_name == "map":
        return {}
    if shape.type_name == "timestamp":
        return "2026-01-02T03:04:05Z"
    return {"boolean": True, "float": 1.0, "double": 1.0, "string": "x"}.get(shape.type_name, 60)


class Report:
    """Counts the members that were found and lists those that were not."""

    def __init__(self):
        self.found = 0
        self.missing = set()

    def walk(self, shape, value, path, stack=()):
        if shape.type_name == "structure":
            if shape.name in stack:
                return
            members = shape.members
            if getattr(shape, "is_tagged_union", False):
                members = {n: s for n, s in members.items() if n in value}
                if not members:
                    self.missing.add(path + " (union)")
            for name, member in members.items():
                if name not in value:
                    self.missing.add(f"{path}.{name}")
                    continue
                self.found += 1
                self.walk(member, value[name], f"{path}.{name}", stack + (shape.name,))
        elif shape.type_name == "list":
            if not value:
                self.missing.add(path + "[]")
            for element in value:
                self.walk(shape.member, element, path + "[]", stack)
        elif shape.type_name == "map":
            if not value:
                self.missing.add(path + "{}")
            for element in value.values():
                self.walk(shape.value, element, path + "{}", stack)


def main(calls):
    report = Report()
    for call in calls:
        service, operation = call.split()
        client = boto3.client(CLIENTS[service], endpoint_url=os.environ["AWS_ENDPOINT_URL"])
        model = client.meta.service_model.operation_model(operation)
        answer = client._make_api_call(operation, minimal(model.input_shape))
        report.walk(model.output_shape, answer, operation)
    json.dump({"Calls": len(calls), "Members": report.found, "Missing": sorted(report.missing)}, sys.stdout)
